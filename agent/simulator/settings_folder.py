"""The readable files of a TWS settings folder and of IBC, with the keys of real ones."""

from dataclasses import dataclass

from agent.tws.api_settings import Configuration, LockAndExit
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.reset_windows import Region

USER_FOLDER = "darykqhjnbgcpclmbdfekiohjmlanghofpdcaeik"
"""The per-user folder. TWS makes its name, letters only, from the user name."""

PRETENDED_PASSWORD = "never-show-this-password"
"""The password in IBC's config.ini and, if wanted, on its command line. It must never appear anywhere else."""

_SERVERS = {
    Region.AMERICA: ("ndc1.ibllc.com", "us"),
    Region.EUROPE: ("zdc1.ibllc.com", "eu"),
    Region.ASIA: ("hdc1.ibllc.com", "hk"),
}


@dataclass(frozen=True, slots=True)
class IbcChoices:
    """The entries of IBC's config.ini that its readers use."""

    auto_restart_time: str = "11:45 PM"
    command_server_port: int = 0
    """0: off, which is IBC's default."""
    password_on_command_line: bool = False
    """Whether user name and password are arguments, as IBC allows."""
    auto_logoff_time: str = ""
    """The daily log-off in place of the restart, like "23:45"."""
    closedown_at: str = ""
    """When IBC closes the application: like "22:00" or "Friday 22:00"."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments between configuration file and trading mode on IBC's command line."""
        return ("simulated", PRETENDED_PASSWORD) if self.password_on_command_line else ()


def as_set_by(choices: IbcChoices, configuration: Configuration) -> Configuration:
    """The settings of an application that IBC has started: IBC enters its daily restart or log-off into them."""
    kind = "logoff" if choices.auto_logoff_time else "restart"
    time, _, period = (choices.auto_logoff_time or choices.auto_restart_time).partition(" ")
    lock_and_exit = LockAndExit(time.removeprefix("0"), period, kind)
    return Configuration(configuration.settings, configuration.precautions, lock_and_exit)


def jts_ini(mode: TradingMode, region: Region) -> str:
    """The text of jts.ini after a log-in. As with the real file, configparser cannot read it."""
    server, where = _SERVERS.get(region, _SERVERS[Region.AMERICA])
    letter = "l" if mode is TradingMode.LIVE else "p"
    return f"""[IBGateway]
WriteDebug=false
TrustedIPs=127.0.0.1
MainWindow.Height=550
RemoteHostOrderRouting={server}
RemotePortOrderRouting=4001
LocalServerPort=4000
ApiOnly=true
MainWindow.Width=700

[Logon]
useRemoteSettings=false
UserNameToDirectory=shbpmbthz,{USER_FOLDER}
TimeZone=America/New_York
tradingMode={letter}
Individual=1
colorPalletName=dark
Steps=9
Locale=en
SupportsSSL={server}:4000,true,20251122,false
UseSSL=true
s3store=true
displayedproxymsg=1
ibkrBranding=pro

[ns]
{USER_FOLDER[:6]}=1

[u:{USER_FOLDER}]
AutoRestart=1

[Communication]
Internal=false
LocalPort=0
Peer={server}:4001
Region={where}
"""


def ibc_config(kind: ApplicationKind, mode: TradingMode, choices: IbcChoices) -> str:
    """The text of IBC's config.ini, with the password, as users have it."""
    return f"""# Settings of IBC for {kind.title}
FIX=no
IbLoginId=simulated
IbPassword={PRETENDED_PASSWORD}
SecondFactorAuthenticationTimeout=180
ReloginAfterSecondFactorAuthenticationTimeout=no
TradingMode={mode.value}
AcceptNonBrokerageAccountWarning=yes
LoginDialogDisplayTimeout=60
ExistingSessionDetectedAction=primary
OverrideTwsApiPort=
ReadOnlyApi=
AcceptIncomingConnectionAction=manual
AutoLogoffTime={choices.auto_logoff_time}
AutoRestartTime={"" if choices.auto_logoff_time else choices.auto_restart_time}
ColdRestartTime=
ClosedownAt={choices.closedown_at}
CommandServerPort={choices.command_server_port}
ControlFrom=
BindAddress=127.0.0.1
SuppressInfoMessages=yes
"""
