//! One run of SIPp: a scenario, its numbers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use super::process::Process;
use super::{Lab, free_address};

/// How long SIPp may take beyond what a run is given.
const GRACE: Duration = Duration::from_secs(10);

/// A run to be started.
#[derive(Debug)]
pub(crate) struct Sipp {
    name: String,
    dir: PathBuf,
    scenario: String,
    address: SocketAddr,
    arguments: Vec<String>,
    bound: Duration,
    tcp: bool,
    caller: bool,
}

impl Sipp {
    /// A run that starts calls to `server`. `name` is its directory in the lab.
    pub(crate) fn caller(lab: &Lab, name: &str, scenario: &str, server: SocketAddr) -> io::Result<Self> {
        let mut run = Self::new(lab, name, scenario, free_address()?)?;
        run.caller = true;
        Ok(run.arg(server.to_string()))
    }

    /// A run that waits for calls on `address`.
    pub(crate) fn callee(lab: &Lab, name: &str, scenario: &str, address: SocketAddr) -> io::Result<Self> {
        Self::new(lab, name, scenario, address)
    }

    fn new(lab: &Lab, name: &str, scenario: &str, address: SocketAddr) -> io::Result<Self> {
        let dir = lab.dir().join(name);
        fs::create_dir(&dir)?;
        // From here, since the tests of another package use this file, too.
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tests/sipp").join(scenario);
        Ok(Self {
            name: name.to_owned(),
            dir,
            scenario: fs::read_to_string(source)?,
            address,
            arguments: Vec::new(),
            bound: Duration::from_secs(20),
            tcp: false,
            caller: false,
        })
    }

    /// Puts `value` where the scenario has `@MARK@`.
    pub(crate) fn fill(mut self, mark: &str, value: impl std::fmt::Display) -> Self {
        self.scenario = self.scenario.replace(&format!("@{mark}@"), &value.to_string());
        self
    }

    /// The users that calls are about, taken in turn.
    pub(crate) fn users<T: AsRef<str>>(self, users: &[T]) -> io::Result<Self> {
        let lines: String = users.iter().map(|user| format!("{};\n", user.as_ref())).collect();
        fs::write(self.dir.join("users.csv"), format!("SEQUENTIAL\n{lines}"))?;
        Ok(self.arg("-inf").arg("users.csv"))
    }

    /// A `[name]` of the scenario.
    pub(crate) fn key(self, name: &str, value: impl ToString) -> Self {
        self.arg("-key").arg(name).arg(value)
    }

    /// How many calls, and how many a second.
    pub(crate) fn calls(self, calls: u32, rate: u32) -> Self {
        self.arg("-m").arg(calls).arg("-r").arg(rate)
    }

    /// How long a call lasts once it is answered.
    pub(crate) fn talk(self, time: Duration) -> Self {
        self.arg("-d").arg(time.as_millis())
    }

    /// Over TCP: one connection, or one for each call.
    pub(crate) fn tcp(mut self, connection_per_call: bool) -> Self {
        self.tcp = true;
        let kind = if connection_per_call { "tn" } else { "t1" };
        self.arg("-t").arg(kind).arg("-max_socket").arg(1_000)
    }

    /// How long the whole run may take.
    pub(crate) fn within(mut self, bound: Duration) -> Self {
        self.bound = bound;
        self
    }

    fn arg(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    /// Starts it; a callee listens when this returns.
    pub(crate) fn start(self) -> io::Result<Running> {
        fs::write(self.dir.join("scenario.xml"), &self.scenario)?;
        let child = Command::new("sipp")
            .args(["-sf", "scenario.xml", "-nostdin", "-i", &self.address.ip().to_string()])
            .args(["-p", &self.address.port().to_string()])
            .args(["-trace_stat", "-stf", "stat.csv", "-trace_counts", "-fd", "1"])
            .args(["-trace_err", "-error_file", "errors.log"])
            .args(["-timeout", &self.bound.as_secs().to_string(), "-timeout_error"])
            .args(&self.arguments)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.dir.join("stderr.log"))?)
            .spawn()?;
        let mut running =
            Running { name: self.name, dir: self.dir, process: Process::new(child), bound: self.bound };
        if !self.caller {
            running.wait_until_bound(self.address, if self.tcp { "tcp" } else { "udp" })?;
        }
        Ok(running)
    }

    /// Starts it and waits for its end.
    pub(crate) fn run(self) -> io::Result<Report> {
        self.start()?.finish()
    }
}

/// A run that was started.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    dir: PathBuf,
    process: Process,
    bound: Duration,
}

impl Running {
    /// Reads the kernel's list of sockets until `address` is on it.
    fn wait_until_bound(&mut self, address: SocketAddr, protocol: &str) -> io::Result<()> {
        let suffix = format!(":{:04X}", address.port());
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            let Ok(sockets) = fs::read_to_string(format!("/proc/net/{protocol}")) else {
                // Not Linux: nothing to ask.
                thread::sleep(Duration::from_secs(1));
                return Ok(());
            };
            if sockets.lines().any(|l| l.split_whitespace().nth(1).is_some_and(|a| a.ends_with(&suffix))) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("{}: SIPp does not listen on {address}", self.name),
        ))
    }

    /// Waits for the end and reads the numbers.
    pub(crate) fn finish(mut self) -> io::Result<Report> {
        let status = self.process.wait(self.bound + GRACE);
        let status = status.map_err(|error| io::Error::other(format!("{}: {error}", self.name)))?;
        let stat = fs::read_to_string(self.dir.join("stat.csv"))?;
        let mut counts = String::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path.to_string_lossy().ends_with("_counts.csv") {
                counts = fs::read_to_string(path)?;
            }
        }
        Ok(Report { name: self.name, exit: status.code(), stat: last_row(&stat), counts: last_row(&counts) })
    }
}

/// The numbers of a run that has ended.
#[derive(Debug)]
pub(crate) struct Report {
    name: String,
    exit: Option<i32>,
    stat: BTreeMap<String, String>,
    counts: BTreeMap<String, String>,
}

impl Report {
    /// Every call went as the scenario says, nothing failed, and no message was sent or came twice.
    #[track_caller]
    pub(crate) fn assert_clean(&self, calls: u64) {
        let successful = self.number("SuccessfulCall(C)");
        let total = |part: &str| part.starts_with("Failed") && part.ends_with("(C)");
        let odd = ["Retransmissions(C)", "OutOfCallMsgs(C)", "DeadCallMsgs(C)", "FatalErrors(C)"];
        let mut bad: Vec<_> =
            self.stat.iter().filter(|(k, v)| (total(k) || odd.contains(&k.as_str())) && *v != "0").collect();
        let twice = |k: &str| k.ends_with("_Retrans") || k.ends_with("_Unexp") || k.ends_with("_Timeout");
        bad.extend(self.counts.iter().filter(|(k, v)| twice(k) && *v != "0"));
        let name = &self.name;
        assert!(bad.is_empty(), "{name}: {bad:?}; {successful} of {calls} calls went well");
        assert_eq!(successful, calls, "{name}: calls that went well");
        assert_eq!(self.exit, Some(0), "{name}: how SIPp ended");
        assert!(!self.counts.is_empty(), "{name}: SIPp counted its messages");
    }

    /// Mean time from the first request to the final response.
    pub(crate) fn response_time(&self) -> Duration {
        // 00:00:00:052000 - hours, minutes, seconds, microseconds
        let text = self.stat.get("ResponseTime1(C)").map_or("", String::as_str);
        let parts: Vec<u64> = text.split(':').map(|part| part.parse().unwrap_or(0)).collect();
        let [hours, minutes, seconds, micros] = parts[..] else { return Duration::ZERO };
        Duration::from_secs(hours * 3600 + minutes * 60 + seconds) + Duration::from_micros(micros)
    }

    /// One number of SIPp's statistics; what is not there makes no call a good one.
    fn number(&self, column: &str) -> u64 {
        self.stat.get(column).and_then(|value| value.parse().ok()).unwrap_or(0)
    }
}

/// The last line of a file of SIPp's, by the names of its first.
fn last_row(csv: &str) -> BTreeMap<String, String> {
    let mut lines = csv.lines();
    let head = lines.next().unwrap_or_default().split(';').map(str::to_owned);
    let last = lines.next_back().unwrap_or_default().split(';').map(str::to_owned);
    head.zip(last).filter(|(name, _)| !name.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(stat: &str, counts: &str) -> Report {
        Report { name: "run".into(), exit: Some(0), stat: last_row(stat), counts: last_row(counts) }
    }

    const STAT: &str = "SuccessfulCall(C);FailedCall(C);Retransmissions(C);ResponseTime1(C);\n0;0;0;x;\n";
    const COUNTS: &str = "0_INVITE_Sent;0_INVITE_Retrans;1_200_Recv;1_200_Retrans;\n";

    #[test]
    fn clean_run_passes_and_its_time_is_read() {
        let run = report(&format!("{STAT}10;0;0;00:00:01:052000;\n"), &format!("{COUNTS}10;0;10;0;\n"));
        run.assert_clean(10);
        assert_eq!(run.response_time(), Duration::from_millis(1_052));
    }

    #[test]
    #[should_panic(expected = "Retransmissions(C)")]
    fn retransmission_is_not_clean() {
        report(&format!("{STAT}10;0;1;00:00:01:052000;\n"), &format!("{COUNTS}10;0;10;0;\n"))
            .assert_clean(10);
    }

    #[test]
    #[should_panic(expected = "1_200_Retrans")]
    fn message_that_came_twice_is_not_clean() {
        report(&format!("{STAT}10;0;0;00:00:01:052000;\n"), &format!("{COUNTS}10;0;10;2;\n"))
            .assert_clean(10);
    }

    #[test]
    #[should_panic(expected = "calls that went well")]
    fn missing_calls_are_not_clean() {
        report(&format!("{STAT}9;0;0;00:00:01:052000;\n"), &format!("{COUNTS}9;0;9;0;\n")).assert_clean(10);
    }
}
