//! How long a file may be, and who may read the clock.

use super::Failure;
use super::workspace::{File, Package};

/// Lines of a file without its tests, comments included.
const MOST_LINES: usize = 400;

/// The one file that reads the clock.
const CLOCK: &str = "sip-server/src/clock.rs";

/// Files of a package that are too long.
pub(crate) fn length(package: &Package) -> Vec<Failure> {
    let long = package.files.iter().filter(|file| file.source.lines > MOST_LINES);
    long.map(|file| Failure {
        file: package.name_of(file),
        line: MOST_LINES + 1,
        wrong: format!("{} lines without the tests, {MOST_LINES} are the limit", file.source.lines),
        remedy: "split it by subject: one subject, one file".into(),
    })
    .collect()
}

/// Places in a package that read the clock and may not.
///
/// Programs and the played network are free to: they are what hands `now` to the rest.
pub(crate) fn clock(package: &Package) -> Vec<Failure> {
    let free = ["examples", "benches"].contains(&package.name.as_str());
    let bound =
        |file: &&File| !free && package.name_of(file) != CLOCK && !file.path.split('/').any(|p| p == "play");
    let reads = |file: &File| {
        let name = package.name_of(file);
        let failure = |line| Failure {
            file: name.clone(),
            line,
            wrong: "reads the clock".into(),
            remedy: format!("take `now` as an argument; only {CLOCK} reads the clock"),
        };
        readings(file).into_iter().map(failure).collect::<Vec<_>>()
    };
    package.files.iter().filter(bound).flat_map(reads).collect()
}

/// Lines with `Instant::now` or `SystemTime::now`, called or named, under whatever name they were imported.
fn readings(file: &File) -> Vec<usize> {
    let is_clock = |word: &str| word == "Instant" || word == "SystemTime";
    let alias = |word: &str| {
        let found = file.source.brought_in.iter().find(|(name, _)| name == word);
        found.and_then(|(_, path)| path.last()).is_some_and(|last| is_clock(last))
    };
    let windows = file.source.tokens.windows(3);
    windows
        .filter(|w| w[1].text == "::" && w[2].text == "now" && (is_clock(&w[0].text) || alias(&w[0].text)))
        .map(|w| w[2].line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_lines(name: &str, path: &str, text: &str) -> Vec<usize> {
        clock(&Package::fixture(name, &[(path, text)])).iter().map(|f| f.line).collect()
    }

    #[test]
    fn file_of_401_lines_is_too_long_and_tests_do_not_count() {
        let code = "//! a\n".repeat(400);
        let tests = "#[cfg(test)]\nmod tests {\n\n}\n";
        assert!(length(&Package::fixture("sip-a", &[("a.rs", &format!("{code}{tests}"))])).is_empty());
        let seen = length(&Package::fixture("sip-a", &[("a.rs", &format!("{code}\n{tests}"))]));
        assert_eq!(seen.len(), 1);
        assert!(seen[0].to_string().starts_with("sip-a/src/a.rs:401: 401 lines"), "{}", seen[0]);
    }

    #[test]
    fn clock_is_seen_called_named_qualified_and_renamed() {
        assert_eq!(clock_lines("sip-a", "a.rs", "fn f() {\n    Instant::now();\n}"), [2]);
        assert_eq!(clock_lines("sip-a", "a.rs", "fn f() { tokio::time::Instant\n::now() }"), [2]);
        assert_eq!(clock_lines("sip-a", "a.rs", "fn f() { x.unwrap_or_else(SystemTime::now) }"), [1]);
        assert_eq!(clock_lines("sip-a", "a.rs", "use std::time::Instant as I;\nfn f() { I::now() }"), [2]);
        assert!(clock_lines("sip-a", "a.rs", "// Instant::now()\nfn f() { Clock::now() }").is_empty());
    }

    #[test]
    fn clock_file_play_starters_and_tests_are_free() {
        let text = "fn f() { Instant::now() }";
        assert!(clock_lines("sip-server", "clock.rs", text).is_empty());
        assert!(clock_lines("sip-server", "play/clock.rs", text).is_empty());
        assert!(clock_lines("examples", "bin/a.rs", text).is_empty());
        assert!(clock_lines("sip-a", "a.rs", &format!("#[cfg(test)]\nmod tests {{ {text} }}")).is_empty());
        assert_eq!(clock_lines("sip-core", "clock.rs", text), [1], "only the clock of sip-server");
    }
}
