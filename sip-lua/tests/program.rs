//! The program `ksr`: what it says and how it ends.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

fn ksr(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ksr")).args(arguments).output().expect("ksr is there")
}

fn script(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a place for the script");
    path.display().to_string()
}

#[test]
fn check_names_what_is_wrong_with_a_script() {
    let broken = script("broken.lua", "function ksr_request_route()\n  KSR.info('x'\nend\n");
    let output = ksr(&["check", &broken]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("broken.lua:3: "), "{said}");

    let misspelt = script("misspelt.lua", "function ksr_request_route()\n  KSR.tm.t_relya()\nend\n");
    let output = ksr(&["check", &misspelt]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.ends_with("misspelt.lua:2:3: KSR.tm.t_relya is not there\n"), "{said}");

    let fine = script("checked.lua", "function ksr_request_route()\n  KSR.tm.t_relay()\nend\n");
    let output = ksr(&["check", &fine]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn stubs_are_lua_and_name_every_function_with_its_types() {
    let output = ksr(&["stubs"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).expect("text");
    for wanted in [
        "---@meta\n",
        "\n---@class KSR\nKSR = {}\n",
        "---@return boolean\nfunction KSR.is_INVITE() end\n",
        "---@param p1 integer\n---@param p2 string|number|nil\n---@return integer\nfunction KSR.sl.send_reply(p1, p2) end\n",
        "---@return integer|string|nil\nfunction KSR.pv.get(p1) end\n",
        "function KSR.x.exit() end\n",
        "function KSR.await.sleep(p1) end\n",
    ] {
        assert!(said.contains(wanted), "{wanted:?} in {said}");
    }
    // What is written is Lua: it loads as a script once it has a request route.
    let written = script("stubs.lua", &(said + "function ksr_request_route() end\n"));
    let output = ksr(&["check", &written]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_script_or_a_setting_that_cannot_be_used_ends_the_program_before_it_listens() {
    let fine = script("fine.lua", "function ksr_request_route() end\n");
    let missing = fine.replace("fine.lua", "missing.lua");
    let listen = ["--listen", "udp:127.0.0.1:0"];
    for (arguments, wanted) in [
        (vec!["run", &missing], "missing.lua: "),
        (vec!["run", &fine, "--modparam", "what.ever=1"], "what.ever: this parameter is unknown"),
        (vec!["run", &fine, "--modparam", "mqueue"], "`mqueue` is not MODULE.NAME=VALUE"),
        (vec!["run", &fine, "--memory", "10000"], "out of memory"),
    ] {
        let output = ksr(&[arguments.as_slice(), &listen[..]].concat());
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(wanted), "{wanted:?} in {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
