"""Orders and payments: one sale is one order, whoever tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from longfunnel.journeys.derive.exchange import converted, price
from longfunnel.journeys.derive.pack import packed, unpacked
from longfunnel.journeys.reasons import Reason
from longfunnel.warehouse.facts import facts
from longfunnel.warehouse.load import hash_sql

if TYPE_CHECKING:
    from longfunnel.journeys.derive.stage import Build

_PURCHASE: Final = (
    r"(ecommerce[_ ]|product[_ ])?purchased?|(order|checkout|payment)[_ ](completed?|placed|paid|success|done)|order|"
    r"transaction|sale|покупка|заказ( оформлен)?"
)
_REFUND: Final = r"refund(ed)?|chargeback|return(ed)?|возврат|сторно"


def stage_purchases(build: Build) -> None:
    """Temp table ``money_events``: events that carry money or an order id, priced."""
    known = "AND f.recorded_at <= $as_of" if build.as_of else ""
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE money_events AS
        SELECT f.key_hash, f.happened_at, f.name, f.order_id, f.amount, f.currency, f.source_system, f.device, f.region, f.props,
            i.person_id, coalesce(i.is_shared, FALSE) AS is_shared
        FROM facts.event f LEFT JOIN {build.live}.identifiers i ON i.node = ({build.row_node(facts()["event"], "f")})
        WHERE (f.amount IS NOT NULL OR f.order_id IS NOT NULL) AND f.excluded IS NULL {known}""",
        **({"as_of": build.as_of} if build.as_of else {}),
    )
    price(build, "money_events", build.day("t.happened_at"), "amount")


def link_orders(build: Build) -> None:
    """Temp tables that say which order each deal, payment and purchase belongs to.

    ``order_deals(deal_key, order_key)`` · ``order_payments(payment_key, order_key, …)`` · ``order_purchases(…)``.
    An order's name is its order id; without one, its deal; without one, the deal id that its payments name; without one,
    the payment itself. A payment meets a deal by ``deal_id`` within its own system, else the only deal anywhere with that id.
    A payment that names neither goes to its person's latest won deal that is not yet paid in full. A refund that names
    neither goes to its person's latest order not later than itself.
    """
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE sold AS
        SELECT *, CASE WHEN nullif(trim(order_id), '') IS NOT NULL THEN {hash_sql(["'order'", "trim(order_id)"])}
            ELSE {hash_sql(["'deal'", "deal_key"])} END AS order_key
        FROM deal_rows WHERE NOT is_duplicate AND NOT coalesce(is_deleted, FALSE)"""
    )
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE order_payments AS
        WITH anywhere AS (SELECT deal_id, any_value(order_key) AS order_key FROM sold GROUP BY deal_id HAVING count(DISTINCT deal_key) = 1),
        here AS (SELECT coalesce(system, '') AS system, deal_id, any_value(order_key) AS order_key FROM sold GROUP BY ALL),
        signed AS (
            SELECT p.*, p.key_hash AS payment_key,
                CASE WHEN p.amount < 0 OR regexp_full_match(lower(trim(p.kind)), '{_REFUND}') THEN 'refund' ELSE 'payment' END AS sign,
                row_number() OVER (PARTITION BY coalesce(system, ''), payment_id ORDER BY recorded_at DESC, import_id DESC, key_hash) > 1 AS is_duplicate
            FROM now_payment p
        )
        SELECT p.payment_key, p.sign AS kind, p.paid_at, p.person_id, p.is_shared, p.source_system, p.payment_id, p.product, p.props,
            CASE p.sign WHEN 'refund' THEN -abs(p.amount) ELSE p.amount END AS original_amount, p.currency, p.rate, p.money_reason,
            p.is_duplicate, {converted("CASE p.sign WHEN 'refund' THEN -abs(p.amount) ELSE p.amount END", "p.rate")} AS amount,
            {converted("p.cost_of_goods", "p.rate")} AS cost_of_goods,
            p.order_id,
            CASE WHEN p.is_duplicate THEN NULL ELSE coalesce(
                h.order_key, a.order_key,
                CASE WHEN nullif(trim(p.order_id), '') IS NOT NULL THEN {hash_sql(["'order'", "trim(p.order_id)"])}
                    WHEN p.deal_id IS NOT NULL THEN {hash_sql(["'deal id'", "p.system", "p.deal_id"])}
                    WHEN p.sign = 'payment' THEN {hash_sql(["'payment'", "p.payment_key"])} END) END AS order_key
        FROM signed p
        LEFT JOIN here h ON h.system = coalesce(p.system, '') AND h.deal_id = p.deal_id
        LEFT JOIN anywhere a ON a.deal_id = p.deal_id"""
    )
    _attach_payments(build)
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE order_purchases AS
        SELECT key_hash AS fact_key, {hash_sql(["'order'", "trim(order_id)"])} AS order_key, trim(order_id) AS order_id, happened_at,
            {converted("amount", "rate")} AS amount, person_id, is_shared, source_system, device, region
        FROM money_events WHERE nullif(trim(order_id), '') IS NOT NULL AND regexp_full_match(lower(trim(name)), '{_PURCHASE}')
        QUALIFY row_number() OVER (PARTITION BY trim(order_id) ORDER BY happened_at, key_hash) = 1"""
    )


def _attach_payments(build: Build) -> None:
    """A payment that names neither a deal nor an order goes to the latest won deal of its person, while that is not paid in full.

    A deal may be paid up to a day before the CRM has it. What comes beyond its sum, as each month of a subscription, is an
    order of its own; so is a payment for a deal of unknown sum after the first one.
    """
    build.run(
        f"""UPDATE order_payments SET order_key = w.order_key FROM (
            WITH won AS (
                SELECT order_key, min(person_id) AS person_id, min(created_at) AS created_at, sum({converted("amount", "rate")}) AS due
                FROM sold WHERE status = 'won' AND person_id IS NOT NULL GROUP BY order_key
            ),
            named AS (SELECT order_key, sum(amount) AS paid FROM order_payments WHERE kind = 'payment' GROUP BY order_key),
            unpaid AS (
                SELECT w.*, coalesce(n.paid, 0) AS paid FROM won w LEFT JOIN named n USING (order_key)
                WHERE coalesce(n.paid < w.due, n.order_key IS NULL)
            ),
            loose AS (
                SELECT p.payment_key, p.paid_at, coalesce(p.amount, 0) AS amount, arg_max(u.order_key, (u.created_at, u.order_key)) AS order_key
                FROM order_payments p JOIN unpaid u ON u.person_id = p.person_id AND u.created_at <= p.paid_at + INTERVAL 1 DAY
                WHERE p.kind = 'payment' AND NOT p.is_duplicate AND p.order_key = {hash_sql(["'payment'", "p.payment_key"])} GROUP BY ALL
            )
            SELECT l.payment_key, l.order_key FROM loose l JOIN unpaid u USING (order_key)
            WINDOW earlier AS (PARTITION BY l.order_key ORDER BY l.paid_at, l.payment_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            QUALIFY coalesce(u.paid + sum(l.amount) OVER earlier < u.due, count(*) OVER earlier = 0)
        ) w WHERE w.payment_key = order_payments.payment_key"""
    )


def build_orders(build: Build) -> None:
    """Fill ``orders`` (without leads, numbers and days, see ``finish_orders``) and temp table ``order_deals``.

    An order is there when a deal of it is won, a payment came, or, no deal being known, the shop told of a purchase.
    Revenue where ``counting.revenue`` is ``auto``: payments are connected for a source and pipeline of deals, or for a source of
    purchases, when any order of theirs has one; there revenue is what was paid, elsewhere what was won. Refunds reduce both.
    """
    build.run(
        f"""CREATE OR REPLACE TEMP TABLE order_rows AS
        WITH deals AS (
            SELECT order_key, arg_min(deal_key, (status <> 'won', created_at, deal_key)) AS deal_key,
                min(nullif(trim(order_id), '')) AS order_id, bool_or(coalesce(status = 'won', FALSE)) AS is_won,
                min(coalesce(closed_at, created_at)) FILTER (status = 'won') AS won_at,
                sum({converted("amount", "rate")}) FILTER (status = 'won') AS won_amount,
                sum({converted("cost_of_goods", "rate")}) FILTER (status = 'won') AS cost_of_goods
            FROM sold GROUP BY order_key
        ),
        paid AS (
            SELECT order_key, min(paid_at) FILTER (kind = 'payment') AS paid_at,
                sum(amount) FILTER (kind = 'payment') AS paid_amount, -sum(amount) FILTER (kind = 'refund') AS refunded_amount,
                sum(cost_of_goods) FILTER (kind = 'payment') AS cost_of_goods, min(nullif(trim(order_id), '')) AS order_id,
                arg_min(person_id, (paid_at, payment_key)) AS person_id, bool_or(is_shared) AS is_shared,
                arg_min(source_system, (paid_at, payment_key)) AS source_system, arg_min(product, (paid_at, payment_key)) AS product,
                arg_min(props, (paid_at, payment_key)) AS props, bool_or(kind = 'payment') AS has_payment
            FROM order_payments WHERE order_key IS NOT NULL GROUP BY order_key
        ),
        keys AS (SELECT order_key FROM deals UNION SELECT order_key FROM paid UNION SELECT order_key FROM order_purchases)
        SELECT k.order_key, coalesce(d.order_id, p.order_id, b.order_id) AS order_id, d.deal_key,
            coalesce(s.person_id, b.person_id, p.person_id) AS person_id,
            CASE WHEN s.deal_key IS NOT NULL THEN s.is_shared WHEN b.order_key IS NOT NULL THEN b.is_shared ELSE p.is_shared END AS is_shared,
            least(d.won_at, b.happened_at, p.paid_at) AS ordered_at, p.paid_at AS first_paid_at,
            CASE WHEN d.is_won THEN coalesce(d.won_amount, b.amount) WHEN d.deal_key IS NULL THEN b.amount END AS won_amount,
            p.paid_amount, p.refunded_amount, coalesce(d.cost_of_goods, p.cost_of_goods) AS cost_of_goods,
            s.pipeline, coalesce(s.product, p.product) AS product, s.manager, coalesce(s.region, b.region) AS region, s.audience, b.device,
            coalesce(s.source_system, b.source_system, p.source_system) AS source_system, coalesce(s.props, p.props) AS props,
            coalesce(p.has_payment, FALSE) AS has_payment, s.created_at AS deal_at,
            CASE WHEN s.deal_key IS NOT NULL THEN {hash_sql(["'deal'", "s.source_system", "s.pipeline"])}
                ELSE {hash_sql(["'shop'", "b.source_system"])} END AS place
        FROM keys k
        LEFT JOIN deals d ON d.order_key = k.order_key LEFT JOIN sold s ON s.deal_key = d.deal_key
        LEFT JOIN paid p ON p.order_key = k.order_key LEFT JOIN order_purchases b ON b.order_key = k.order_key
        WHERE coalesce(d.is_won, FALSE) OR coalesce(p.has_payment, FALSE) OR (d.deal_key IS NULL AND b.order_key IS NOT NULL)"""
    )
    _attach_refunds(build)
    paid = "CASE WHEN has_payment THEN paid_amount ELSE 0 END"
    gross = {
        "paid": paid,
        "won": "coalesce(won_amount, paid_amount)",
        "auto": f"CASE WHEN bool_or(has_payment) OVER (PARTITION BY place) THEN {paid} ELSE won_amount END",
    }[build.settings.counting.revenue]
    build.run(
        f"CREATE OR REPLACE TEMP TABLE order_money AS SELECT *, {gross} - coalesce(refunded_amount, 0) AS revenue FROM order_rows"
    )
    build.run(
        """CREATE OR REPLACE TEMP TABLE order_deals AS
        SELECT s.deal_key, s.order_key FROM sold s SEMI JOIN order_rows o USING (order_key)"""
    )
    number = "row_number() OVER (PARTITION BY coalesce(o.person_id, o.order_key), o.person_id IS NULL ORDER BY o.ordered_at, o.order_key)"
    build.replace(
        "orders",
        f"""
        SELECT o.* EXCLUDE (first_paid_at, has_payment, place, deal_at), {build.day("o.ordered_at")} AS ordered_on,
            coalesce(o.first_paid_at, o.ordered_at) AS paid_at, {build.day("coalesce(o.first_paid_at, o.ordered_at)")} AS paid_on,
            {number} AS order_number, {number} > 1 OR coalesce(d.is_repeat, FALSE) AS is_repeat,
            coalesce(o.deal_at, o.ordered_at) AS moment_at
        FROM order_money o LEFT JOIN deal_rows d ON d.deal_key = o.deal_key""",
    )
    build.run("DROP TABLE order_rows; DROP TABLE order_money")


def _attach_refunds(build: Build) -> None:
    """A refund that names no order goes to its person's latest order not later than itself."""
    build.run(
        """CREATE OR REPLACE TEMP TABLE loose AS
        SELECT p.payment_key, p.amount, arg_max(o.order_key, (o.ordered_at, o.order_key)) AS order_key
        FROM order_payments p JOIN order_rows o ON o.person_id = p.person_id AND o.ordered_at <= p.paid_at
        WHERE p.kind = 'refund' AND p.order_key IS NULL AND NOT p.is_duplicate GROUP BY ALL"""
    )
    build.run(
        "UPDATE order_payments SET order_key = l.order_key FROM loose l WHERE l.payment_key = order_payments.payment_key"
    )
    build.run(
        """UPDATE order_rows SET refunded_amount = coalesce(refunded_amount, 0) + l.amount
        FROM (SELECT order_key, -sum(amount) AS amount FROM loose WHERE amount IS NOT NULL GROUP BY order_key) l
        WHERE l.order_key = order_rows.order_key"""
    )
    build.run("DROP TABLE loose")


def finish_orders(build: Build) -> None:
    """Fill the columns of ``orders`` that need leads and touches: the lead and the days to the order.

    An order has its deal's lead; without a deal, the latest counted lead of its person, by the rule for deals.
    """
    days = build.settings.counting.lookback_days
    latest = unpacked(f"max({packed('l.created_at', 'l.lead_key')})")
    build.run(
        f"""UPDATE {build.live}.orders SET lead_key = l.lead_key, lead_at = l.created_at, lead_on = l.created_on
        FROM (
            SELECT o.order_key, d.lead_key FROM {build.live}.orders o JOIN deal_leads d ON d.deal_key = o.deal_key
            UNION ALL
            SELECT o.order_key, {latest} FROM {build.live}.orders o JOIN {build.live}.leads l ON l.person_id = o.person_id
                AND l.is_counted AND l.created_at <= o.ordered_at AND l.created_at >= o.ordered_at - to_days({days})
            WHERE o.deal_key IS NULL GROUP BY o.order_key
        ) k JOIN {build.live}.leads l ON l.lead_key = k.lead_key WHERE k.order_key = orders.order_key"""
    )
    build.run(
        f"""UPDATE {build.live}.orders SET days_to_order = date_diff('microsecond', f.at, orders.ordered_at) / 86400000000.0
        FROM (
            SELECT o.order_key, coalesce(any_value(o.lead_at), min(t.at)) AS at
            FROM {build.live}.orders o LEFT JOIN {build.live}.touches t ON t.person_id = o.person_id AND t.at <= o.ordered_at GROUP BY o.order_key
        ) f WHERE f.order_key = orders.order_key"""
    )


def build_payments(build: Build) -> None:
    """Fill ``payments``; a refund is negative. ``reason`` is set by the ledger."""
    build.replace(
        "payments",
        f"""
        SELECT p.payment_key, p.source_system, p.payment_id, o.order_key, coalesce(p.person_id, o.person_id) AS person_id, p.paid_at,
            {build.day("p.paid_at")} AS paid_on, p.kind, p.amount, p.original_amount,
            coalesce(p.currency, CASE WHEN p.rate IS NOT NULL THEN $own END) AS currency,
            CASE WHEN p.is_duplicate THEN '{Reason.DUPLICATE}' WHEN p.money_reason IS NOT NULL THEN p.money_reason
                WHEN o.order_key IS NULL THEN '{Reason.REFUND_WITHOUT_ORDER}'
                WHEN coalesce(p.person_id, o.person_id) IS NULL THEN '{Reason.PAYMENT_WITHOUT_PERSON}' END AS reason
        FROM order_payments p LEFT JOIN {build.live}.orders o ON o.order_key = p.order_key""",
        own=build.settings.business.currency,
    )
