"""Every endpoint of the page, one file per group: to add a group, write its file and list it here."""

from agent.page import acting, configuring, data_test, explaining, fixing, guiding, limiting, setup

ENDPOINTS = (
    *acting.ENDPOINTS,
    *configuring.ENDPOINTS,
    *explaining.ENDPOINTS,
    *fixing.ENDPOINTS,
    *guiding.ENDPOINTS,
    *limiting.ENDPOINTS,
    *data_test.ENDPOINTS,
    *setup.ENDPOINTS,
)
