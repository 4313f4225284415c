//! JSON-RPC 2.0: what a request gets, alone, in a batch, and over a unix socket.

#![allow(clippy::expect_used, reason = "a test fails loudly")]

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value as Json, json};
use sip_async::jsonrpc::{Commands, RpcError, UnixError, UnixServer};

fn commands() -> Commands<AtomicU32> {
    let commands = Commands::new();
    commands.add("count", "counts its calls", |server: &AtomicU32, _| {
        Ok((server.fetch_add(1, Ordering::SeqCst) + 1).into())
    });
    commands.add("add", "adds two numbers", |_, params| Ok((params.int(0)? + params.int(1)?).into()));
    commands.add("say", "says it", |_, params| Ok(params.text(0)?.into_owned().into()));
    commands.add("long", "says it often", |_, params| {
        Ok("x".repeat(usize::try_from(params.int(0)?).unwrap_or(0)).into())
    });
    commands.add("fail", "fails", |_, _| Err(RpcError::new(404, "not found")));
    commands
}

fn ask(text: &str) -> Option<Json> {
    let answer = commands().dispatch(&AtomicU32::new(0), text.as_bytes())?;
    Some(serde_json::from_slice(&answer).expect("an answer is JSON"))
}

fn call(method: &str, params: Json) -> Json {
    let request = json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": 1 });
    let mut answer = ask(&request.to_string()).expect("a call has an answer");
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(1)));
    let fields = answer.as_object().expect("an object").len();
    assert_eq!(fields, 3, "a result or an error, not both: {answer}");
    if answer.get("result").is_some() { answer["result"].take() } else { answer["error"]["code"].take() }
}

fn error_of(text: &str) -> (i64, Json) {
    let answer = ask(text).expect("an error is told");
    (answer["error"]["code"].as_i64().expect("a code"), answer["id"].clone())
}

#[test]
fn a_command_gets_its_parameters_and_its_caller_the_result() {
    assert_eq!(call("add", json!([1, 2])), 3);
    assert_eq!(call("add", json!(["1", " -2 "])), -1);
    assert_eq!(call("add", json!({ "a": 4, "b": 5 })), 9);
    assert_eq!(call("say", json!([42])), "42");
    assert_eq!(call("count", json!([])), 1);
    assert_eq!(call("fail", json!([])), 404);
}

#[test]
fn what_cannot_be_done_has_the_error_of_the_protocol() {
    assert_eq!(call("nothing.of.it", json!([])), -32_601);
    for params in [json!([]), json!([1]), json!(["x", 1]), json!([1.5, 1]), json!([null, 1]), json!([[1], 1])]
    {
        assert_eq!(call("add", params.clone()), -32_602, "{params}");
    }
    for (text, code, id) in [
        ("", -32_700, Json::Null),
        ("{", -32_700, Json::Null),
        ("\u{1}", -32_700, Json::Null),
        ("7", -32_600, Json::Null),
        ("[]", -32_600, Json::Null),
        (r#"{"jsonrpc":"2.0","id":7}"#, -32_600, json!(7)),
        (r#"{"jsonrpc":"1.0","method":"say","id":7}"#, -32_600, json!(7)),
        (r#"{"jsonrpc":"2.0","method":1,"id":"a"}"#, -32_600, json!("a")),
        (r#"{"jsonrpc":"2.0","method":"say","params":"x","id":7}"#, -32_600, json!(7)),
        (r#"{"jsonrpc":"2.0","method":"count","id":[1]}"#, -32_600, Json::Null),
    ] {
        assert_eq!(error_of(text), (code, id), "{text:?}");
    }
    assert_eq!(error_of(&"[".repeat(100_000)).0, -32_700, "depth is bounded");
}

#[test]
fn a_notification_is_done_and_not_answered() {
    let (commands, server) = (commands(), AtomicU32::new(0));
    assert_eq!(commands.dispatch(&server, br#"{"jsonrpc":"2.0","method":"count"}"#), None);
    assert_eq!(commands.dispatch(&server, br#"{"jsonrpc":"2.0","method":"nothing"}"#), None);
    let two = br#"[{"jsonrpc":"2.0","method":"count"},{"jsonrpc":"2.0","method":"count"}]"#;
    assert_eq!(commands.dispatch(&server, two), None);
    assert_eq!(server.load(Ordering::SeqCst), 3);
}

#[test]
fn a_batch_is_answered_request_by_request() {
    let batch = r#"[{"jsonrpc":"2.0","method":"add","params":[1,2],"id":1}, 7,
        {"jsonrpc":"2.0","method":"count"}, {"jsonrpc":"2.0","method":"nothing","id":2}]"#;
    let answer = ask(batch).expect("answers");
    let answers = answer.as_array().expect("an array");
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["result"], 3);
    assert_eq!((&answers[1]["error"]["code"], &answers[1]["id"]), (&json!(-32_600), &Json::Null));
    assert_eq!((&answers[2]["error"]["code"], &answers[2]["id"]), (&json!(-32_601), &json!(2)));

    let one = r#"{"jsonrpc":"2.0","method":"count","id":1}"#;
    let most = format!("[{}]", vec![one; 256].join(","));
    assert_eq!(ask(&most).expect("answers").as_array().map(Vec::len), Some(256));
    let too_many = format!("[{}]", vec![one; 257].join(","));
    assert_eq!(error_of(&too_many).0, -32_600);
}

#[test]
fn the_commands_can_be_asked_for() {
    assert_eq!(
        call("system.listMethods", json!([])),
        json!(["add", "count", "fail", "long", "say", "system.listMethods", "system.methodHelp"])
    );
    assert_eq!(call("system.methodHelp", json!(["say"])), "says it");
    assert_eq!(call("system.methodHelp", json!(["x"])), 404);
    assert_eq!(call("system.methodHelp", json!([])), -32_602);
}

/// A path for a socket that no other test has.
fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("sip-async-{}-{name}", std::process::id()))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn commands_come_over_a_unix_socket_that_owner_and_group_may_use() {
    let (server_path, client_path) = (path("rpc"), path("client"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let at = server_path.clone();
    let serving = std::thread::Builder::new().spawn(move || {
        runtime().block_on(async {
            let server = UnixServer::bind(&at).expect("a socket");
            ready.send(()).expect("the test waits");
            let (commands, state) = (commands(), AtomicU32::new(0));
            tokio::select! {
                () = server.serve(|request| commands.dispatch(&state, request)) => {}
                _ = stopped => {}
            }
        });
    });
    let serving = serving.expect("a thread");
    is_ready.recv_timeout(Duration::from_secs(10)).expect("it opens");
    let mode = std::fs::metadata(&server_path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);

    let client = UnixDatagram::bind(&client_path).expect("a socket");
    client.set_read_timeout(Some(Duration::from_secs(10))).expect("option");
    let ask = |text: &str| {
        client.send_to(text.as_bytes(), &server_path).expect("sent");
        let mut answer = vec![0; 1 << 20];
        let len = client.recv(&mut answer).expect("an answer");
        serde_json::from_slice::<Json>(&answer[..len]).expect("JSON")
    };
    assert_eq!(ask(r#"{"jsonrpc":"2.0","method":"add","params":[20,22],"id":1}"#)["result"], 42);
    assert_eq!(ask("nonsense")["error"]["code"], -32_700);
    let huge = ask(r#"{"jsonrpc":"2.0","method":"long","params":[50000000],"id":1}"#);
    assert_eq!(huge["error"]["code"], 500, "what is no datagram is told in one");
    // One that does not wait for its answer does no harm.
    let silent = UnixDatagram::unbound().expect("a socket");
    silent.send_to(br#"{"jsonrpc":"2.0","method":"count","id":1}"#, &server_path).expect("sent");
    assert_eq!(ask(r#"{"jsonrpc":"2.0","method":"count","id":1}"#)["result"], 2);

    runtime().block_on(async {
        assert!(matches!(UnixServer::bind(&server_path), Err(UnixError::Taken { .. })));
        std::fs::write(path("file"), "x").expect("a file");
        assert!(matches!(UnixServer::bind(path("file")), Err(UnixError::NoSocket { .. })));
    });
    stop.send(()).expect("it serves");
    serving.join().expect("it ends");
    assert!(!server_path.exists(), "its file goes with it");
    // What a server that was killed has left is replaced.
    drop(UnixDatagram::bind(&server_path).expect("a socket"));
    runtime().block_on(async { drop(UnixServer::bind(&server_path).expect("it is replaced")) });
    for path in [client_path, path("file")] {
        std::fs::remove_file(path).expect("removed");
    }
}
