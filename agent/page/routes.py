"""Every endpoint of the page, one file per group: to add a group, write its file and list it here."""

from agent.page import acting, configuring, explaining, fixing, guiding, limiting

ENDPOINTS = (
    *acting.ENDPOINTS,
    *configuring.ENDPOINTS,
    *explaining.ENDPOINTS,
    *fixing.ENDPOINTS,
    *guiding.ENDPOINTS,
    *limiting.ENDPOINTS,
)
