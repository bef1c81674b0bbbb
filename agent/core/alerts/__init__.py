"""From verdicts to notices: diagnosis, ledger, announce or stay silent, speech."""
