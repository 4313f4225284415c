//! All statistics as Prometheus text.

use std::fmt::Write;

use crate::latency::RouteKind;
use crate::shared::Shared;

/// The Content-Type of [`Shared::metrics`].
pub const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The quantiles of a summary.
const QUANTILES: [(&str, f64); 4] = [("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99), ("0.999", 0.999)];

impl Shared {
    /// All statistics as Prometheus reads them, for `/metrics`: `PREFIXcore_rcv_requests 42`, and of each kind of route
    /// the quantiles of the time that it takes, in seconds.
    ///
    /// Kamailio's prefix is `kamailio_`. What stands in no name of Prometheus is an underscore.
    ///
    /// # Cost
    ///
    /// Some tens of microseconds, and a lock of each stripe in turn: nothing for every message.
    pub fn metrics(&self, prefix: &str) -> String {
        let mut out = String::with_capacity(16 * 1024);
        for statistic in self.statistics() {
            let name = metric_name(&[prefix, &statistic.group, "_", &statistic.name]);
            let kind = if statistic.grows { "counter" } else { "gauge" };
            // Writing to a text cannot fail.
            let _ = writeln!(out, "# TYPE {name} {kind}\n{name} {}", statistic.value);
        }
        let name = metric_name(&[prefix, "route_seconds"]);
        let _ = writeln!(out, "# TYPE {name} summary");
        for kind in RouteKind::ALL {
            let (route, latency) = (kind.name(), self.latency(kind));
            for (text, share) in QUANTILES {
                let time = latency.quantile(share).as_secs_f64();
                let _ = writeln!(out, "{name}{{route=\"{route}\",quantile=\"{text}\"}} {time}");
            }
            let _ = writeln!(out, "{name}_sum{{route=\"{route}\"}} {}", latency.sum().as_secs_f64());
            let _ = writeln!(out, "{name}_count{{route=\"{route}\"}} {}", latency.count());
        }
        out
    }
}

fn metric_name(parts: &[&str]) -> String {
    let text: String = parts.concat();
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
