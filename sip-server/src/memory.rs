//! How much memory the process has.

/// Bytes in memory now; 0 where the system does not tell.
pub(crate) fn resident() -> u64 {
    status("VmRSS:")
}

/// The most that it ever was.
pub(crate) fn most_resident() -> u64 {
    status("VmHWM:")
}

/// A line of what Linux tells about the process, in bytes. The file is made on reading: nothing waits for a disk.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_some_memory() {
        assert!(resident() > 100_000 && most_resident() >= resident() / 2);
    }
}
