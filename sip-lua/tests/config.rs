//! `ksr run --config`: the file of settings.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

/// What `ksr check` says of a script under these settings.
fn check(name: &str, script: &str, config: &str) -> Output {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).expect("directory");
    let (script_file, config_file) = (directory.join("script.lua"), directory.join("ksr.toml"));
    std::fs::write(&script_file, script).expect("script");
    std::fs::write(&config_file, config).expect("config");
    std::fs::write(directory.join("addresses.txt"), "1 192.0.2.0 24\n").expect("addresses");
    Command::new(env!("CARGO_BIN_EXE_ksr"))
        .arg("check")
        .arg(&script_file)
        .arg("--config")
        .arg(&config_file)
        .output()
        .expect("ksr is there")
}

/// Fails at the top level where something is not as the file says.
const SCRIPT: &str = "
assert(KSR.htable and KSR.tm, 'a module that is named is there')
assert(KSR.nathelper == nil, 'one that is not named is nil')
assert(KSR.pv and KSR.x and KSR.hdr and KSR.kx, 'these are there in any case')
assert(KSR.kx.ifdef('WITH_ANTIFLOOD') and not KSR.kx.ifdef('WITH_NAT'))
assert(KSR.kx.get_def('GATEWAY') == '192.0.2.7')
assert(KSR.kx.get_defn('LIMIT') == 42)
function ksr_request_route() end
";

const CONFIG: &str = r#"
listen = ["udp:127.0.0.1:5060"]
domains = ["example.org"]
workers = 2
modules = ["tm", "htable", "permissions"]
instructions = 100000

[define]
WITH_ANTIFLOOD = true
WITH_NAT = false
GATEWAY = "192.0.2.7"
LIMIT = 42

[modparam]
htable.htable = ["ipban=>size=8;autoexpire=300", "calls=>size=4"]
auth.nonce_expire = 300
permissions.address_file = "addresses.txt"
"#;

#[test]
fn a_file_says_what_the_script_finds() {
    let output = check("config_all", SCRIPT, CONFIG);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn what_is_wrong_in_the_file_is_named_with_its_place() {
    for (name, config, wanted) in [
        ("config_name", "listn = []\n", "unknown field `listn`"),
        ("config_kind", "\nworkers = \"many\"\n", "line 2"),
        ("config_param", "[modparam]\nhtable.htabel = \"x\"\n", "htable.htabel: this parameter is unknown"),
        (
            "config_value",
            "[modparam]\nauth.nonce_expire = \"soon\"\n",
            "auth.nonce_expire: `soon` is no number",
        ),
        ("config_module", "modules = [\"tm\", \"nosuch\"]\n", "there is no module nosuch"),
        ("config_file", "[modparam]\npermissions.address_file = \"missing.txt\"\n", "missing.txt"),
    ] {
        let output = check(name, "function ksr_request_route() end\n", config);
        assert!(!output.status.success(), "{name}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(wanted), "{wanted:?} in {said}");
    }
}
