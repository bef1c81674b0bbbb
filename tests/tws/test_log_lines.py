"""Notice numbers in lines of log: found where they are, and nowhere else."""

# Lines of log stand here as programs wrote them, on one line.
# ruff: noqa: E501

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.log_lines import find_notices, find_told
from agent.tws.notice_texts import TEXTS
from agent.tws.notices import CATALOGUE


def codes(text: str) -> list[int]:
    return [found.code for found in find_notices(text)]


REAL = [
    # ib_async, ib_insync
    (326, "Error 326, reqId -1: Unable to connect as the client id is already in use. Retry with a unique client id."),
    (2104, "2026-11-22 14:03:22,101 ib_async.wrapper INFO Warning 2104, reqId -1: Market data farm connection is OK:usfarm"),
    (1100, "2026-11-22 05:27:21,922 ib_insync.wrapper ERROR Error 1100, reqId -1: Connectivity between IB and Trader Workstation has been lost."),
    (10182, r"2023-12-11 00:01:03,948 ib_insync.wrapper ERROR Error 10182, reqId 1417916307: \u8bf7\u6c42\u5b9e\u65f6\u66f4\u65b0\u5931\u8d25"),
    (200, "Error 200, reqId 1100: No security definition has been found for the request, contract: Stock(symbol='XYZ', exchange='SMART', currency='USD')"),
    (162, "Error 162, reqId 326: Historical Market Data Service error message:API historical data query pacing violation"),
    (321, "Warning 321, reqId 2147483647: Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode."),
    (2103, "<<< 4,2,-1,2103,Market data farm connection is broken:usfarm,"),
    # IBKR's Python client, old and new, and its samples
    (2104, "ERROR -1 2104 Market data farm connection is OK:usfarm"),
    (2106, "17:37:29.869 STDERR ERROR:ibapi.wrapper:ERROR -1 2106 HMDS data farm connection is OK:ushmds"),
    (2158, "ERROR -1 1795000000123 2158 Sec-def data farm connection is OK:secdefnj"),
    (321, "ERROR:ibapi.wrapper:ERROR 2147483647 321 Error validating request.-'ce' : cause - FA data operations ignored for non FA customers."),
    (321, "ERROR 326 321 Error validating request.-'cq' : cause - Invalid account code"),
    (502, "ERROR -1 502 Couldn't connect to TWS. Confirm that \"Enable ActiveX and Socket Clients\" is enabled"),
    (502, "errorCode=502"),
    (502, "errorCode:502 errorId:-1 errorMessage=Couldn't connect to TWS.  Confirm that \"Enable ActiveX and Socket Clients\" is enabled on the TWS \"Configure->API\" menu."),
    (200, "Error. Id: 5, Code: 200, Msg: No security definition has been found for the request"),
    (2104, "2021-04-10 09:50:20,217 - quanttrader.brokerage.ib_brokerage - ERROR - Error. id: -1, Code: 2104, Msg: Market data farm connection is OK:hfarm"),
    (504, "Error: -1 504 Not connected"),
    (2104, "Error: -1, 2104, Market data farm connection is OK:usfarm"),
    (502, "ERROR -1 502"),
    (2110, "Error: -1, 1795000000123, 2110"),
    # backtrader, Lean, NautilusTrader, Rust, Java, Go, JavaScript, MATLAB, VB
    (2104, "***** STORE NOTIF: error id=-1, errorCode=2104, errorMsg=Market data farm connection is OK:usbond>"),
    (2103, "2026-05-21T13:56:30.1579926Z TRACE:: InteractiveBrokersBrokerage.HandleError(): RequestId: -1 ErrorCode: 2103 - Market data farm connection is broken:hfarm"),
    (321, "2016-03-23T13:30:51.5241300Z TRACE:: InteractiveBrokersBrokerage.HandleError(): Order: 2 ErrorCode: 321 - Error validating request:-'rd' : cause - You must specify an account."),
    (321, "ERROR:: Brokerage.OnMessage(): Error - Code: 321 - Error validating request:-'rd' : cause - You must specify an account."),
    (2108, "2023-08-08T05:07:28.4818118Z TRACE:: InteractiveBrokersBrokerage.HandleError(): RequestId: -1 ErrorCode: 2108 - Market data farm connection is inactive but should be available upon demand.usopt"),
    (2104, "2026-04-30T08:00:00.000Z [WARN] TRADER-001.InteractiveBrokersClient-001: Market data farm connection is OK:usfarm (code: 2104, req_id=-1)."),
    (320, "[13:50:30 ERROR ibapi::transport:556] request_id: -1, error_code: 320, error_message: Error reading request. Unable to parse field: 'Client Req Id' for input string: 'AAPL', advanced_order_reject_json:"),
    (2104, "WARN ibapi: [2104] Market data farm connection is OK:usfarm"),
    (2107, "Notice { code: 2107, message: \"HMDS data farm connection is inactive but should be available upon demand.ushmds\" }"),
    (2103, "[ERROR] 2021-10-01 00:19:28.492 [TWSEventProcessor-2] Trader - error-3: -1 | 2103 | Market data farm connection is broken:usfarm"),
    (1100, "[INFO ] 2021-10-01 00:25:22.357 [TWSEventProcessor-2] EventReport - [IB API] 1100: Connectivity between IB and Trader Workstation has been lost."),
    (1102, "2024-03-25 05:27:36.298 S [IBAPIV100.BufferedReader:EndLogMessage] IN: Msg id (ERRORMESSAGE)=4;Version=2;Id=-1;Error code=1102;Error msg=Connectivity between IB and Trader Workstation has been restored - data maintained. All data farms are connected: usfuture; eufarm.;Advanced order reject=;"),
    (10197, '{"event":"error","reqId":1001,"code":10197,"msg":"No market data during competing live session"}'),
    (1100, "{'reqId': -1, 'errorCode': 1100, 'errorString': 'Connectivity between IBKR and Trader Workstation has been lost.'}"),
    (10197, "code=10197"),
    (326, "errorEvent(-1, 326, 'Unable to connect as the client id is already in use.', None)"),
    (2106, "(-1, 2106, 'HMDS data farm connection is OK:ushmds', '')"),
    (320, "信息通知，代码：320，内容: Error reading request: Unable to parse data."),
    (502, "EWrapper.error id=-1 code=502 msg=Couldn't connect to TWS"),
    (1300, "IB warning code 1300: TWS socket port has been reset and this connection is being dropped. Please reconnect on the new port - 7498"),
    (100, "Error 100, reqId 55: Max rate of messages per second has been exceeded:max=50 rec=51 (1)"),
    (0, "error code 0: Approaching max rate of 50 messages per second"),
    (2104, "2104: Market data farm connection is OK:usfarm"),
    (326, "326 - Unable to connect as the client id is already in use."),
    (1100, "1100 Connectivity between IB and TWS has been lost"),
    # other languages around it
    (1100, "Fehler 1100: Die Verbindung zwischen IB und TWS wurde unterbrochen."),
    (502, "Erreur 502 : Impossible de se connecter à TWS."),
    (10197, "错误 10197：竞争实时会话期间没有市场数据"),
    (1100, "エラー 1100 IBとTWSの接続が失われました"),
    (326, "Ошибка 326: клиентский идентификатор уже используется"),
    (2110, "Código: 2110, mensaje: La conexión entre TWS y el servidor está rota"),
    # more libraries
    (2103, "Reqid -1: 2103 Market data farm connection is broken:usfarm for None"),
    (2104, "TWS Message: 2 -1 2104 Market data farm connection is OK:usfarm"),
    (2106, "-1 2106 HMDS data farm connection is OK:ushmds"),
    (321, "[WARNING] qtpylib.blotter: [IB #321] Error validating request:-'aV' : cause - Invalid account code '0'."),
    (2139, "[ERROR] ezibpy: [#2139] Real paper-trading has not been acknowledged yet."),
    (1100, "TWS error [1100]: Connectivity between IB and TWS has been lost."),
    (10197, "ERR 10197 on AAPL: No market data during competing live session"),
    (504, "IBKR: error no. 504"),
    (2105, "onError(-1, 2105, HMDS data farm connection is broken:euhmds)"),
    # typed by hand
    (1100, "1100"),
    (1100, "error 1100"),
    (2104, "what is 2104?"),
    (2107, "notice #2107"),
    (326, "IBKR error (326)"),
    (10197, "  Code 10197  "),
]  # fmt: skip


@pytest.mark.parametrize(("code", "line"), REAL)
def test_the_number_of_a_notice_is_found_in_a_real_line(code: int, line: str) -> None:
    assert codes(line) == [code]


@pytest.mark.parametrize(
    "line",
    [
        # times, ports, IDs, prices, accounts
        "2026-11-22 14:03:22,101 ib_async.client INFO Connecting to 127.0.0.1:7497 with clientId 326...",
        "2100-01-02 10:10:10 started",
        "API connection failed: ConnectionRefusedError(111, \"Connect call failed ('127.0.0.1', 7497)\")",
        "[Errno 111] Connect call failed ('127.0.0.1', 4001)",
        "OSError: [Errno 101] Network is unreachable",
        "OSError: [Errno 103] Software caused connection abort",
        "error 101: Network is unreachable",
        "connect failed with error 110: Connection timed out",
        "[WinError 10061] No connection could be made because the target machine actively refused it",
        "System.Net.Sockets.SocketException (10054): An existing connection was forcibly closed by the remote host.",
        "Peer closed connection. clientId 326 already in use?",
        "orderStatus: Trade(order=LimitOrder(orderId=1100, clientId=326, totalQuantity=200.0, lmtPrice=2104.25))",
        "Account list: DU2110321, U1100, DU326",
        "accountSummary reqId: 2104 account: DU1100 value: 1300.50 USD",
        "AAPL last 200 bid 199.98 ask 200.02 size 1100",
        "error 200.5 is above the tolerance",
        "Error: 200 orders were not sent",
        "reqId 1100 finished in 326 ms",
        "tickPrice. TickerId: 1001 tickType: 4 Price: 2104.5",
        "position: Position(account='DU1234567', contract=Stock(conId=265598), position=1100.0, avgCost=326.0)",
        "ERROR 2026-11-22 14:03:22 something broke",
        "error took 1100 ms",
        "error 1100ms",
        "warning: 1100 bytes left",
        "Error 50% of 1100 done",
        "nextValidId --- [1100]",
        "Logged on to server version 178",
        "pid 1100 listens on port 2104",
        "port 2104",
        "clientId 326",
        "orderId 1100",
        # other things that have codes
        "exit code 100",
        "IBC returned exit code 1101",
        "HTTP/1.1 200 OK",
        "502 Bad Gateway",
        "error 502: Bad Gateway",
        "Error 503 Service Unavailable",
        "status code 200",
        "statusCode=502",
        "response code: 504",
        "EXIT_CODE=100",
        "Security code 200",
        "Error code: 404 Not Found",
        "2026-11-22T10:00:00.000Z ERROR 1100 --- [main] com.example.Bot : failed",
        "gatelight[1100]: started",
        "[1100] INFO started",
        "error code 0",
        "Process finished with exit code 0",
        "HTTP 400 Bad Request",
        "HTTP Error 403: Forbidden",
        "error 422: Unprocessable Entity",
        "socket error 10013",
        'Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }',
        "KeyError: 1100",
        "width: 400,",
        "x[...] = 123",
        "100%",
        '409: "The request is already being processed.",',
        "scanned 10141 contracts",
        # unknown numbers
        "Error 99999, reqId -1: unheard of",
        "Error 4001: x",
        "ERROR 326 9999 Something new",
        "20000",
        "0",
        "",
        "   \n \n",
        "no numbers at all",
    ],
)
def test_a_number_that_is_no_notice_is_not_taken_for_one(line: str) -> None:
    assert codes(line) == []


@pytest.mark.parametrize(("text", "code"), TEXTS)
def test_a_notice_without_its_number_is_known_by_ibkrs_sentence(text: str, code: int) -> None:
    found = find_told(f"bot: {text.capitalize()}: more\nother line")

    assert [one.code for one in found] == [code]
    assert found[0].rest == ": more"
    assert code in CATALOGUE


def test_each_line_of_a_paste_is_read() -> None:
    found = find_notices(
        "14:03:20 Warning 2104, reqId -1: Market data farm connection is OK:usfarm\n"
        "14:03:22 Error 1100, reqId -1: Connectivity between IBKR and Trader Workstation has been lost.\n"
        "14:03:23 Error 200, reqId 7: No security definition has been found for the request\n"
    )

    assert [one.code for one in found] == [2104, 1100, 200]
    assert found[0].rest.endswith("OK:usfarm")
    assert found[2].line.startswith("14:03:23")


def test_two_notices_on_one_line_are_both_found() -> None:
    assert codes("Error 1100, reqId -1: lost ... Error 1102, reqId -1: restored") == [1100, 1102]


@pytest.mark.parametrize("code", sorted(set(CATALOGUE) - {0}))
def test_every_notice_is_found_as_ib_async_and_ibapi_write_it(code: int) -> None:
    assert codes(f"2026-11-22 14:03:22,101 ib_async.wrapper ERROR Error {code}, reqId 7497: some text") == [code]
    assert codes(f"ERROR -1 1795000000123 {code} some text") == [code]
    assert codes(f"{code}") == [code]


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    assert all(code in range(0, 11_000) for code in codes(text))


def test_a_huge_line_is_searched_quickly() -> None:
    assert codes("Error " * 50_000 + "\n" + "1 " * 100_000 + "\n" + "code " * 50_000) == []
