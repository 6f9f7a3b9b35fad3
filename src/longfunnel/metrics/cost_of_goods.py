"""Cost of goods: what was sold cost the company."""

from __future__ import annotations

from longfunnel.core.text import Text
from longfunnel.metrics._metric import Measure, Metric

METRIC = Metric(
    title=Text("Cost of goods", "Себестоимость"),
    meaning=Text(
        "What the goods or services of the orders cost the company, where deals or payments say so.",
        "Во сколько компании обошлись товары и услуги заказов, если это указано в сделках или оплатах.",
    ),
    unit="money",
    direction="down",
    how=Measure("orders", "sum(t.cost_of_goods)", zero=False),
)
