//! How many connections the process has file descriptors for.

/// Descriptors that are left for everything else: listeners, databases, logs.
#[cfg(any(target_os = "linux", target_os = "android"))]
const RESERVE: u64 = 256;

/// As many of the `wanted` connections as there are file descriptors for.
///
/// Raises the soft limit of the process as far as it is needed and allowed. Without descriptors left, nobody
/// could connect and nothing could be opened; the limit of connections must come first.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn room_for(wanted: usize) -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return wanted };
    let needed = (wanted as u64).saturating_add(RESERVE);
    if needed <= soft {
        return wanted;
    }
    let raised = needed.min(hard);
    let soft = match setrlimit(Resource::RLIMIT_NOFILE, raised, hard) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    let fit = within(wanted, soft);
    if fit < wanted {
        tracing::warn!(
            max_connections = wanted,
            possible = fit,
            descriptors = soft,
            "fewer connections are possible than max_connections says: raise the limit of open files (ulimit -n)"
        );
    }
    fit
}

/// How many of the `wanted` fit, with `descriptors` in all.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn within(wanted: usize, descriptors: u64) -> usize {
    let reserve = RESERVE.min(descriptors / 2);
    wanted.min(usize::try_from(descriptors - reserve).unwrap_or(usize::MAX)).max(1)
}

/// As many as are wanted: how many descriptors there are is not asked here.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn room_for(wanted: usize) -> usize {
    wanted
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;

    #[test]
    fn some_descriptors_are_left_for_everything_else() {
        assert_eq!(within(16_384, 20_000), 16_384);
        assert_eq!(within(16_384, 1_024), 768);
        assert_eq!(within(10, 64), 10);
        assert_eq!(within(16_384, 64), 32);
        assert_eq!(within(5, 0), 1);
    }
}
