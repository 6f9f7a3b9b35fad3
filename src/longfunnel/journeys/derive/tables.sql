-- The derived tables of one business: who did what, in order, and which touch brought it. Everything here is rebuilt from
-- the facts; keys are hashes of content, so an incremental build gives the same rows as a full one. `_on` is a day in the
-- business's zone, `_at` a UTC instant; money is in the business's currency unless named otherwise. Unknown is NULL.

-- Where touches and spend come from: one row per distinct mark. Small, so every cut by channel or campaign joins to it.
CREATE TABLE origins (
    origin_id UBIGINT,
    channel VARCHAR,              -- by the channel rules; NULL where nothing is known about the origin
    channel_code USMALLINT,       -- place of the channel among those in use, by name, from 1: millions of rows are grouped by it faster
    source VARCHAR, medium VARCHAR,
    campaign VARCHAR,             -- the ad system's name, where a link carried the campaign's id
    campaign_id VARCHAR,
    content VARCHAR, term VARCHAR,
    ad_group VARCHAR, ad VARCHAR, -- known from spend, and of what meets it by the match rules
    landing_page VARCHAR,
    referrer_host VARCHAR,
    click_id VARCHAR,             -- which click id the visit carried: gclid, yclid, fbclid, vkclid
    is_paid BOOLEAN,
    is_direct BOOLEAN,            -- the visitor typed the address or used a bookmark
    matched_by VARCHAR            -- of visits and leads that meet spend: the number of the [[match]] rule, or the default rule (campaign_id, campaign)
);

-- One day of one ad, keyword or campaign; only the latest versions.
CREATE TABLE spends (
    spend_key UBIGINT, source_system VARCHAR, day_on DATE, origin_id UBIGINT,
    account VARCHAR, device VARCHAR, region VARCHAR,
    impressions BIGINT, clicks BIGINT,
    cost DECIMAL(18,4),           -- NULL where it could not be converted
    original_cost DECIMAL(18,4), currency VARCHAR,
    rate_on DATE, rate_source VARCHAR, -- where the cost was converted: the day of the rate, which holds until the next one, and its source
    reported_visits BIGINT, reported_leads BIGINT, reported_orders BIGINT, reported_revenue DECIMAL(18,4), -- the source's own totals
    props JSON,
    reason VARCHAR,               -- why the money stands under no channel (see journeys/reasons.py); NULL when it does
    matched VARCHAR,              -- the finest level at which visits or leads meet it: ad, keyword, ad_group, campaign, channel
    unmatched VARCHAR             -- the reason why it meets none as finely as it could; NULL when it does
);

-- A session: cut from events, or imported ready-made.
CREATE TABLE visits (
    visit_key UBIGINT, source_system VARCHAR, person_id UBIGINT, started_at TIMESTAMP, day_on DATE,
    touch_id UBIGINT, origin_id UBIGINT,
    visits BIGINT,                -- 1
    pages BIGINT, duration_seconds BIGINT, is_bounce BOOLEAN, device VARCHAR, region VARCHAR,
    visit_ref UBIGINT,            -- hash of the source's own id of the visit or session: what leads and calls name
    own_mark UBIGINT, has_mark BOOLEAN -- of one cut from events: the origin by its first event, and whether that says anything, else it may borrow another's
);

-- Everything that can earn credit: a visit, a call, a lead that says itself where it came from.
CREATE TABLE touches (
    touch_id UBIGINT, person_id UBIGINT, "at" TIMESTAMP, day_on DATE, kind VARCHAR, -- visit, call, lead, message
    origin_id UBIGINT, is_paid BOOLEAN, is_direct BOOLEAN
);

-- Requests to be contacted. One request is one lead: is_counted is false on the later copies of the same request.
CREATE TABLE leads (
    lead_key UBIGINT, source_system VARCHAR, system VARCHAR, lead_id VARCHAR, person_id UBIGINT,
    created_at TIMESTAMP, created_on DATE, kind VARCHAR, is_qualified BOOLEAN, quality VARCHAR,
    manager VARCHAR, product VARCHAR, audience VARCHAR, region VARCHAR, device VARCHAR, props JSON,
    is_counted BOOLEAN, joined_to UBIGINT, joined_because VARCHAR, -- the lead_key that stands for this one, and why
    is_deleted BOOLEAN,
    is_shared BOOLEAN,            -- it names a phone or the like that many contacts share, which links nobody
    first_touch_at TIMESTAMP,     -- the person's first touch up to the lead, for the time from first visit to lead
    credited_origin_id UBIGINT, credited_on DATE -- origin and day of the touch that brought it by the default model, as in `credits`: spares a join
);

-- Opportunities of the CRM; only the latest versions.
CREATE TABLE deals (
    deal_key UBIGINT, source_system VARCHAR, system VARCHAR, deal_id VARCHAR, person_id UBIGINT,
    lead_key UBIGINT, lead_at TIMESTAMP, lead_on DATE,
    created_at TIMESTAMP, created_on DATE, closed_at TIMESTAMP, closed_on DATE,
    status VARCHAR,               -- open, won, lost, or NULL where the source's word is unknown
    pipeline VARCHAR, stage VARCHAR,
    amount DECIMAL(18,4), cost_of_goods DECIMAL(18,4), original_amount DECIMAL(18,4), currency VARCHAR,
    product VARCHAR, manager VARCHAR, region VARCHAR, audience VARCHAR, reason_lost VARCHAR, props JSON,
    is_repeat BOOLEAN,            -- the person had an order before this deal, or the CRM says so
    order_key UBIGINT,
    is_deleted BOOLEAN,           -- deleted in the CRM, or a duplicate (the reason says which): counts nowhere
    is_shared BOOLEAN,            -- it names a phone or the like that many contacts share, which links nobody
    reason VARCHAR,               -- why the deal stands under no channel by the default model; NULL when it does
    credited_origin_id UBIGINT, credited_on DATE -- as the lead's
);

-- A deal entering a stage, in order.
CREATE TABLE stage_entries (
    deal_key UBIGINT, person_id UBIGINT, pipeline VARCHAR, stage VARCHAR, stage_number BIGINT, -- place in the pipeline, given or by usual order
    entered_at TIMESTAMP, left_at TIMESTAMP, next_stage VARCHAR, next_stage_number BIGINT,
    fact_key UBIGINT              -- of the entry, or of the deal's version that shows it
);

-- One sale is one order: a won deal, its payments and the shop's purchase with the same order id are one row.
CREATE TABLE orders (
    order_key UBIGINT, order_id VARCHAR, person_id UBIGINT, lead_key UBIGINT, lead_at TIMESTAMP, lead_on DATE, deal_key UBIGINT,
    ordered_at TIMESTAMP, ordered_on DATE, -- won, bought or first paid, whichever came first
    paid_at TIMESTAMP, paid_on DATE,       -- first payment, else ordered
    revenue DECIMAL(18,4),        -- by the setting: paid less refunded, or won
    won_amount DECIMAL(18,4), paid_amount DECIMAL(18,4), refunded_amount DECIMAL(18,4), cost_of_goods DECIMAL(18,4),
    order_number BIGINT,          -- 1 for the person's first
    is_repeat BOOLEAN,
    pipeline VARCHAR, product VARCHAR, manager VARCHAR, region VARCHAR, audience VARCHAR, device VARCHAR, source_system VARCHAR, props JSON,
    moment_at TIMESTAMP,          -- up to when touches earn credit where no lead is behind the order: its deal's creation, else the order
    is_shared BOOLEAN,            -- as its deal, purchase or payment
    days_to_order DOUBLE,         -- from the lead (or, without one, the first touch) to the order; may be negative where sources disagree
    credited_origin_id UBIGINT, credited_on DATE -- as the lead's
);

-- Money in or back, signed: a refund is negative.
CREATE TABLE payments (
    payment_key UBIGINT, source_system VARCHAR, payment_id VARCHAR, order_key UBIGINT, person_id UBIGINT,
    paid_at TIMESTAMP, paid_on DATE, kind VARCHAR, amount DECIMAL(18,4), original_amount DECIMAL(18,4), currency VARCHAR,
    reason VARCHAR                -- why the money stands under no channel by the default model; NULL when it does
);

-- Which touch brought a lead, a deal or an order, by model: first, last, last_non_direct. Deals and orders that grew from a
-- lead stand where their lead stands, so that orders / leads of a channel speak of the same people.
CREATE TABLE credits (
    subject VARCHAR,              -- lead, deal, order
    subject_key UBIGINT, model VARCHAR, person_id UBIGINT,
    share DOUBLE,                 -- 0..1; single-touch models give 1
    touch_id UBIGINT, origin_id UBIGINT, touch_at TIMESTAMP, touch_on DATE,
    reason VARCHAR                -- why there is no touch, or none with a channel (see journeys/reasons.py)
);

-- Each person's acts in order: what funnels and paths walk over. Physically sorted by (bucket, person_id, at, seq), each
-- person's rows contiguous; an incremental build removes a person's rows and appends them anew, still contiguous.
CREATE TABLE timeline (
    bucket UTINYINT,              -- person_id % 64
    person_id UBIGINT, "at" TIMESTAMP,
    seq UINTEGER,                 -- order among acts of one instant: as recorded, and touch before lead before deal before payment
    act_id UBIGINT,               -- row of `acts`: what was done
    fact_key UBIGINT,             -- key_hash of the fact row behind it
    amount DECIMAL(18,4), origin_id UBIGINT
);

-- What can be done: the dictionary of the timeline.
CREATE TABLE acts (
    act_id UBIGINT,
    kind VARCHAR,                 -- page, event, visit, call, lead, deal, stage, order, payment, refund, message
    name VARCHAR,                 -- event name, deal status (created, won, lost), stage, lead kind, message kind
    detail VARCHAR                -- page path, pipeline
);
