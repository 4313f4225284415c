//! Address groups of a server that runs: shown, and read again from their file.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use sip_core::StatusCode;
use sip_server::play;
use sip_server::{Ctx, Routed, Routes, Server, Shared, addresses_from};

/// Lets group 1 in.
struct Door;

impl Routes for Door {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        let status = if ctx.allow_source_address(1) { StatusCode::OK } else { StatusCode::FORBIDDEN };
        ctx.reply(status)
    }
}

fn ask(shared: &Shared, method: &str) -> Json {
    let request = json!({ "jsonrpc": "2.0", "method": method, "id": 1 }).to_string();
    let answer = shared.jsonrpc(request.as_bytes()).expect("an answer");
    serde_json::from_slice(&answer).expect("JSON")
}

/// Reads the file again and waits until these groups are there.
fn reload(shared: &Shared, wanted: usize) {
    assert_eq!(ask(shared, "permissions.addressReload")["result"], "reading");
    let end = Instant::now() + Duration::from_secs(20);
    while shared.addresses().len() != wanted && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(shared.addresses().len(), wanted);
}

#[test]
fn a_list_is_read_again_as_a_whole_and_a_broken_one_changes_nothing() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("addresses-of-a-door");
    let write = |text: &str| std::fs::write(&path, text).expect("a file");
    write("1 10.0.1.1 32 5060 alice\n");
    let server =
        Server::new().workers(1).addresses(addresses_from(&path).expect("a list")).address_file(&path);
    play::run(
        1,
        server,
        |_| Door,
        async |world| {
            let (alice, bob) = (world.agent("alice"), world.agent("bob"));
            let try_door = async |status| {
                for (phone, status) in [(&alice, status), (&bob, 603 - status)] {
                    phone.send(&phone.request("MESSAGE", "sip:a@10.0.0.1", 1, ""));
                    phone.recv_status(status).await;
                }
            };
            try_door(200).await;
            let line = json!([{ "grp": 1, "ip_addr": "10.0.1.1", "mask": 32, "port": 5060, "tag": "alice" }]);
            assert_eq!(ask(world.shared(), "permissions.addressDump")["result"], line);

            write("1 10.0.1.2\n2 gw.example.org\n");
            reload(world.shared(), 2);
            try_door(403).await;

            write("1 10.0.1.1\nno line at all\n");
            let end = Instant::now() + Duration::from_secs(20);
            while ask(world.shared(), "permissions.addressReload")["error"].is_object()
                && Instant::now() < end
            {
                std::thread::sleep(Duration::from_millis(1)); // the last one may still be ending
            }
            while !world.shared().reload_addresses() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(1)); // it has been read when it can be read again
            }
            assert_eq!(world.shared().addresses().len(), 2);
            try_door(403).await;
        },
    );
    std::fs::remove_file(&path).expect("it was there");
}

#[test]
fn without_a_file_there_is_nothing_to_read_again() {
    play::run(
        2,
        Server::new().workers(1),
        |_| Door,
        async |world| {
            assert_eq!(ask(world.shared(), "permissions.addressReload")["error"]["code"], 500);
            assert_eq!(ask(world.shared(), "permissions.addressDump")["result"], json!([]));
            assert_eq!(ask(world.shared(), "pike.list")["result"], json!([]));
        },
    );
}
