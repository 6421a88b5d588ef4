"""The statements that `hardened` executes, as text. `{public}` and `{no}` differ between the two databases."""

ARTICLE = (
    "articles.id, articles.slug, articles.title, articles.description, {body} AS body, articles.tag_list, "
    "articles.draft, articles.favorites_count, articles.created_at, articles.updated_at, articles.author_id, "
    "articles.price, users.username, users.bio, users.image, "
)
NOBODY = "{no} AS favorited, {no} AS following, {no} AS purchased, "
VIEWER = (
    "EXISTS (SELECT * FROM favorites WHERE favorites.user_id = ? AND favorites.article_id = articles.id) AS favorited, "
    "EXISTS (SELECT * FROM follows WHERE follows.follower_id = ? AND follows.followed_id = articles.author_id) "
    "AS following, "
)
BOUGHT = (
    "CASE WHEN articles.price > 0 THEN EXISTS (SELECT * FROM orders WHERE orders.buyer_id = ? "
    "AND orders.article_id = articles.id AND status IN ('pending', 'paid') AND orders.status = 'paid') "
    "ELSE {no} END AS purchased, "
)
WRITTEN = "FROM articles JOIN users ON users.id = articles.author_id "
ALL = "coalesce((SELECT sum(article_counts.articles_count) FROM article_counts), 0) AS total "
FOLLOWED = "articles.author_id IN (SELECT follows.followed_id FROM follows WHERE follows.follower_id = ?) "
PAGE = "ORDER BY articles.id DESC LIMIT 20 OFFSET 0"

TAGS = "SELECT tags.name FROM tags WHERE tags.articles_count > 0 ORDER BY tags.articles_count DESC, tags.name"
USER = (
    "SELECT users.id, users.username, users.email, users.bio, users.image, users.role, users.suspended_at, "
    "users.token_version FROM users WHERE users.id = ?"
)
LIST = f"SELECT {ARTICLE}{NOBODY}{ALL}{WRITTEN}WHERE {{public}} {PAGE}"
SIGNED_LIST = f"SELECT {ARTICLE}{VIEWER}{{no}} AS purchased, {ALL}{WRITTEN}WHERE {{public}} {PAGE}"
FEED = (
    f"SELECT {ARTICLE}{VIEWER}{{no}} AS purchased, "
    f"(SELECT count(*) FROM articles WHERE {{public}} AND {FOLLOWED}) AS total "
    f"{WRITTEN}WHERE {{public}} AND {FOLLOWED}{PAGE}"
)
ONE = f"SELECT {ARTICLE}{NOBODY}0 AS total {WRITTEN}WHERE articles.slug = ?"
SIGNED_ONE = f"SELECT {ARTICLE}{VIEWER}{BOUGHT}0 AS total {WRITTEN}WHERE articles.slug = ?"
ADD_COMMENT = (
    "INSERT INTO comments (article_id, author_id, body, created_at, updated_at) VALUES (?, ?, ?, ?, ?) RETURNING id"
)
COMMENT = (
    "SELECT comments.id, comments.body, comments.created_at, comments.updated_at, comments.author_id, users.username, "
    "users.bio, users.image, EXISTS (SELECT * FROM follows WHERE follows.follower_id = ? "
    "AND follows.followed_id = comments.author_id) AS following "
    "FROM comments JOIN users ON users.id = comments.author_id WHERE comments.article_id = ? AND comments.id = ? "
    "ORDER BY comments.id DESC"
)
WANTED = (
    "SELECT articles.id, articles.author_id, articles.slug, articles.price, articles.draft, orders.id, "
    "orders.buyer_id, orders.author_id, orders.article_id, orders.coupon_id, orders.slug, orders.price, "
    "orders.discount, orders.amount, orders.status, orders.request_digest, orders.nonce, orders.charge_id, "
    "orders.lease_until, orders.created_at, orders.updated_at "
    "FROM (SELECT 1 AS one) AS here LEFT OUTER JOIN articles ON articles.slug = ? "
    "LEFT OUTER JOIN orders ON orders.buyer_id = ? AND orders.idempotency_key = ?"
)
ADD_ORDER = (
    "INSERT INTO orders (buyer_id, author_id, article_id, coupon_id, slug, price, discount, amount, status, "
    "idempotency_key, request_digest, nonce, lease_until, created_at, updated_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"
)
MOVE = (
    "UPDATE orders SET status = ?, charge_id = ?, lease_until = ?, updated_at = ? "
    "WHERE orders.id = ? AND orders.status = ?"
)
CREDIT = (
    "INSERT INTO ledger_accounts (id, balance) VALUES (?, ?) "
    "ON CONFLICT (id) DO UPDATE SET balance = ledger_accounts.balance + excluded.balance"
)
ADD_TRANSACTION = "INSERT INTO ledger_transactions (order_id, kind, created_at) VALUES (?, ?, ?) RETURNING id"
ADD_ENTRIES = "INSERT INTO ledger_entries (transaction_id, account_id, amount) VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?)"
RECORD = (
    "INSERT INTO webhook_deliveries "
    "(webhook_id, event_id, type, body, status, attempts, due_at, created_at, updated_at) "
    "SELECT id, ?, ?, ?, 'pending', 0, ?, ?, ? FROM webhooks WHERE user_id = ? AND events LIKE ?"
)
