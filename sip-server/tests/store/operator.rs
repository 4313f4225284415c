//! Commands that change the location change its store.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use sip_server::Server;

use crate::fake::Fake;
use crate::phone::{PATIENCE, Phone, contacts, start, wait_until};

#[tokio::test]
async fn what_an_operator_adds_and_takes_out_is_so_in_the_store() {
    let dir = std::env::temp_dir().join(format!("sip-store-rpc-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let (path, own) = (dir.join("server"), dir.join("client"));
    let _ = std::fs::remove_file(&own);
    let store = Fake::default();
    let running = start(Server::new().location_store(store.clone()).commands(&path)).await;
    wait_until("loaded", || running.shared().is_loaded());
    let socket = UnixDatagram::bind(&own).expect("a socket");
    socket.connect(&path).expect("the server's");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let call = |method: &str, params: &str| {
        let request = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":1}}"#);
        socket.send(request.as_bytes()).expect("sent");
        let mut buffer = [0; 4000];
        let len = socket.recv(&mut buffer).expect("an answer");
        String::from_utf8_lossy(&buffer[..len]).into_owned()
    };
    let both = |user: &str| (contacts(&running, user).len(), store.contacts(user).len());

    let phone = Phone::of(&running);
    assert_eq!(phone.register("bob", "<sip:a@127.0.0.1:6001>, <sip:b@127.0.0.1:6002>"), 200);
    let answer = call("ul.rm_contact", r#"["location", "bob", "sip:a@127.0.0.1:6001"]"#);
    assert!(!answer.contains("error"), "{answer}");
    wait_until("one is left", || both("bob") == (1, 1));
    let answer = call("ul.add", r#"["location", "carol", "sip:c@127.0.0.1:6003", 600]"#);
    assert!(!answer.contains("error"), "{answer}");
    wait_until("added", || both("carol") == (1, 1));
    let answer = call("ul.rm", r#"["location", "bob"]"#);
    assert!(!answer.contains("error"), "{answer}");
    wait_until("none is left", || both("bob") == (0, 0));
    assert!(call("ul.rm", r#"["location", "bob"]"#).contains("404"));
    running.stop(Duration::from_secs(1)).await;
    std::fs::remove_dir_all(&dir).expect("removed");
}
