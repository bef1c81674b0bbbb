"""Only the Client Portal Gateway runs, or the configured port is its port: a product without the TWS API."""

from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, runs, when
from agent.problems.shared.obstacles import OtherProductRuns
from agent.problems.shared.reach import how_far, otherwise


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, OtherProductRuns):
        return otherwise(reach)
    product, port = reach.product, port_of(facts)
    ports = " and ".join(str(p) for p in product.ports)
    runs = f"Client Portal Gateway runs (pid {product.pid}){f' and listens on {ports}' if ports else ''}"
    if reach.owns_port:
        seen, line = f"Port {port} belongs to the Client Portal Gateway", f"the configured API port is {port}"
    else:
        seen, line = "Only the Client Portal Gateway runs", f"no process of {app_name(facts)} was found"
    return Present({"seen": seen, "app": app_name(facts)}, (runs, line))


WRONG_PRODUCT = Problem(
    code="wrong-product",
    title="The Client Portal Gateway has no TWS API",
    text="{seen}. It is another product, with a web API: programs made for TWS or IB Gateway cannot use it.",
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews("The API of {app} answers", "It was missed for {lasted}.", when(answers)),
        GoodNews("{app} is running", "It was missed for {lasted}.", when(runs)),
    ),
    visible_after=grace.absence,
)
