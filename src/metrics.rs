//! What the process counts about itself, for Prometheus.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Registers; a name that is taken would be a mistake of this file, and the metric is then kept but
/// not shown.
fn register<C: prometheus::core::Collector + Clone + 'static>(collector: C) -> C {
    if let Err(error) = REGISTRY.register(Box::new(collector.clone())) {
        tracing::error!(%error, "a metric is not shown");
    }
    collector
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $make:expr;)+) => {
        $($(#[$doc])* pub static $name: LazyLock<$kind> = LazyLock::new(|| {
            register($make.expect("names and labels of this file are well-formed"))
        });)+
    };
}

metrics! {
    /// Requests answered.
    REQUESTS: IntCounterVec = IntCounterVec::new(
        Opts::new("motcua_http_requests_total", "Requests answered"),
        &["method", "route", "status"],
    );
    /// How long they took.
    LATENCY: HistogramVec = HistogramVec::new(
        HistogramOpts::new("motcua_http_request_seconds", "From the request to its answer").buckets(vec![
            0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
        ]),
        &["route"],
    );
    /// Connections of clients that are open.
    HTTP_CONNECTIONS: IntGauge = IntGauge::new("motcua_http_connections", "Connections of clients that are open");
    /// Requests of a proxy that `server.trusted_proxies` does not name: everybody behind it counts as one.
    UNTRUSTED_FORWARDED: IntCounterVec = IntCounterVec::new(
        Opts::new(
            "motcua_untrusted_forwarded_total",
            "Requests with X-Forwarded-For from an address that server.trusted_proxies does not name",
        ),
        &["peer"],
    );
    /// How many writes SQLite's writer commits together.
    WRITER_GROUP: Histogram = Histogram::with_opts(
        HistogramOpts::new("motcua_writer_group_size", "Writes in one commit of SQLite's writer")
            .buckets(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
    );
    /// Connections of the pool, by what they do.
    CONNECTIONS: IntGaugeVec = IntGaugeVec::new(
        Opts::new("motcua_database_connections", "Connections of the pool"),
        &["state"],
    );
    /// Changes of counts that no roll-up holds yet.
    ROLLUP_LAG: IntGauge = IntGauge::new(
        "motcua_rollup_deltas_waiting",
        "Changes of counts that are not folded into the roll-ups yet",
    );
    OUTBOX: IntGauge = IntGauge::new("motcua_outbox_waiting", "Messages that wait to be sent");
    DELIVERIES: IntCounterVec = IntCounterVec::new(
        Opts::new("motcua_deliveries_total", "Messages tried: delivered, failed, postponed"),
        &["kind", "result"],
    );
    /// What an administrator has to look at.
    ALARMS: IntGaugeVec = IntGaugeVec::new(
        Opts::new("motcua_alarms_open", "Alarms that are open"),
        &["kind"],
    );
    /// Dossiers that work passes over.
    SET_ASIDE: IntGaugeVec = IntGaugeVec::new(
        Opts::new("motcua_set_aside", "Dossiers set aside because they cannot be read"),
        &["work"],
    );
    OPEN: IntGaugeVec = IntGaugeVec::new(
        Opts::new("motcua_open_dossiers", "Dossiers in progress"),
        &["level"],
    );
    OVERDUE: IntGaugeVec = IntGaugeVec::new(
        Opts::new("motcua_overdue_dossiers", "Dossiers in progress and overdue"),
        &["level"],
    );
}

/// What counts the requests of a kind.
pub struct Request {
    answered: IntCounter,
    latency: Histogram,
}

/// Finds the counters of a kind of request.
pub fn request(method: &str, route: &str, status: &str) -> Request {
    Request {
        answered: REQUESTS.with_label_values(&[method, route, status]),
        latency: LATENCY.with_label_values(&[route]),
    }
}

impl Request {
    pub fn observe(&self, took: Duration) {
        self.answered.inc();
        self.latency.observe(took.as_secs_f64());
    }
}

/// All metrics in Prometheus's text format.
pub fn text() -> String {
    let mut text = String::new();
    if let Err(error) = TextEncoder::new().encode_utf8(&REGISTRY.gather(), &mut text) {
        tracing::error!(%error, "metrics");
    }
    text
}
