"""The services that the page leads to, one file each: to add one, write its file and list it here."""

from agent.config.services.discord import DISCORD
from agent.config.services.email import EMAIL
from agent.config.services.ntfy import NTFY
from agent.config.services.other import OTHER_SERVICE
from agent.config.services.pushover import PUSHOVER
from agent.config.services.service import Service
from agent.config.services.telegram import TELEGRAM

SERVICES: tuple[Service, ...] = (NTFY, TELEGRAM, DISCORD, EMAIL, PUSHOVER, OTHER_SERVICE)
"""In the order in which they are offered."""


def service_of(address: str) -> Service:
    """The service of an address; `OTHER_SERVICE` for one that the page does not lead to."""
    scheme = address.partition("://")[0].lower()
    return next((service for service in SERVICES if scheme in service.schemes), OTHER_SERVICE)
