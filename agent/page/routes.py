"""Every endpoint of the page, one file per group: to add a group, write its file and list it here."""

from agent.page import acting, configuring, explaining, fixing

ENDPOINTS = (
    *acting.ENDPOINTS,
    *configuring.ENDPOINTS,
    *explaining.ENDPOINTS,
    *fixing.ENDPOINTS,
)
