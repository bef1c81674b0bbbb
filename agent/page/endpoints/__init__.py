"""Every endpoint of the page, one file per group: to add a group, write its file and list it here."""

from agent.page.endpoints import (
    actions,
    bundle,
    data_test,
    explain,
    fixes,
    guide,
    history,
    limits,
    relays,
    settings,
    setup,
    targets,
)

ENDPOINTS = (
    *actions.ENDPOINTS,
    *bundle.ENDPOINTS,
    *settings.ENDPOINTS,
    *relays.ENDPOINTS,
    *targets.ENDPOINTS,
    *explain.ENDPOINTS,
    *fixes.ENDPOINTS,
    *guide.ENDPOINTS,
    *history.ENDPOINTS,
    *limits.ENDPOINTS,
    *data_test.ENDPOINTS,
    *setup.ENDPOINTS,
)
