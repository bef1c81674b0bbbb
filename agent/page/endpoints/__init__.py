"""Every endpoint of the page, one file per group: to add a group, write its file and list it here."""

from agent.page.endpoints import actions as acting
from agent.page.endpoints import data_test, setup
from agent.page.endpoints import explain as explaining
from agent.page.endpoints import fixes as fixing
from agent.page.endpoints import guide as guiding
from agent.page.endpoints import limits as limiting
from agent.page.endpoints import settings as configuring

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
