//! Connections in whose place replies open no other: `set_reply_no_connect`.

use std::collections::HashSet;

use parking_lot::Mutex;
use sip_core::FlowId;

/// Most connections that are noted. At the bound all are forgotten: replies connect again, as the standard has it.
const MOST: usize = 65_536;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct NoConnect(Mutex<HashSet<FlowId>>);

impl NoConnect {
    /// Replies to requests of this connection stay on it.
    pub(crate) fn note(&self, flow: FlowId) {
        let mut noted = self.0.lock();
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(flow);
    }

    /// Whether that was said of a connection.
    pub(crate) fn has(&self, flow: FlowId) -> bool {
        self.0.lock().contains(&flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_have_a_bound() {
        let noted = NoConnect::default();
        let flow = |slot| FlowId { listener: 0, slot, generation: 0 };
        for slot in 0..MOST as u32 {
            noted.note(flow(slot));
        }
        assert!(noted.has(flow(0)) && noted.has(flow(MOST as u32 - 1)));
        noted.note(flow(MOST as u32));
        assert!(noted.has(flow(MOST as u32)) && !noted.has(flow(0)));
    }
}
