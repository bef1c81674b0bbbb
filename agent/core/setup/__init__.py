"""The set-up, as steps that check themselves."""
