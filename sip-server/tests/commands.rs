//! What operators ask a running server: commands over HTTP and a unix socket, statistics, metrics.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod served;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::{Value as Json, json};
use served::{Served, options};
use sip_async::{Queues, Tables};
use sip_core::{Method, StatusCode};
use sip_server::{Ctx, HttpCtx, Routed, Routes, Server, Shared};

/// Saves REGISTERs, answers the rest; its HTTP is commands and metrics.
struct Answering;

impl Routes for Answering {
    async fn request(&self, ctx: &mut Ctx) -> Routed {
        match ctx.method() {
            Method::Register => ctx.save().await.map(drop),
            Method::Message => {
                ctx.new_transaction()?;
                ctx.reply(StatusCode::ACCEPTED)
            }
            Method::Options => ctx.reply_stateless(StatusCode::OK),
            _ => ctx.reply_stateless(StatusCode::NOT_FOUND),
        }
    }

    async fn http(&self, ctx: &mut HttpCtx) -> Routed {
        match &**ctx.path() {
            b"/RPC" => ctx.jsonrpc(),
            b"/prometheus" => ctx.reply_metrics("kamailio_"),
            _ => Ok(()),
        }
    }
}

fn routes(shared: &Shared) -> Answering {
    let (mut tables, mut queues) = (Tables::new(), Queues::new());
    tables.declare("ipban=>size=4;autoexpire=300").expect("a table");
    queues.declare("name=cdr").expect("a queue");
    queues.queue("cdr").expect("it is there").add("call", "12 s").expect("room");
    shared.offer_tables(&tables);
    shared.offer_queues(&queues);
    shared.counters().declare("script", "calls");
    Answering
}

fn server() -> Served {
    Served::start(Server::new().workers(1).domain("example.org"), routes)
}

/// A command over HTTP: its result, or the code of its error.
fn call(server: &Served, method: &str, params: Json) -> Json {
    let body = json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": 7 }).to_string();
    let answer = server.connect().ask(&format!(
        "POST /RPC HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(answer.line, "HTTP/1.1 200 OK");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let mut answer: Json = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(answer["id"], 7);
    if answer.get("result").is_some() { answer["result"].take() } else { answer["error"]["code"].take() }
}

fn register(contact: &str, expires: u32) -> String {
    options(1000 + expires)
        .replace("OPTIONS sip:127.0.0.1", "REGISTER sip:example.org")
        .replace("1 OPTIONS", "1 REGISTER")
        .replace("To: <sip:127.0.0.1>", "To: <sip:bob@example.org>")
        .replace("Content-Length", &format!("Contact: <{contact}>;expires={expires};q=0.5\r\nContent-Length"))
}

#[test]
fn the_server_tells_what_it_is() {
    let server = server();
    assert!(
        call(&server, "core.version", json!([])).as_str().is_some_and(|text| text.starts_with("sip-server "))
    );
    let uptime = call(&server, "core.uptime", json!([]));
    assert!(uptime["uptime"].as_u64().is_some_and(|seconds| seconds < 60), "{uptime}");
    assert!(uptime["up_since"].as_str().is_some_and(|date| date.len() == 24), "{uptime}");
    let info = call(&server, "core.info", json!([]));
    assert_eq!((&info["workers"], &info["domains"][0]), (&json!(1), &json!("example.org")));
    assert!(info["memory"].as_u64().is_some_and(|bytes| bytes > 100_000));
    assert_eq!(call(&server, "core.psx", json!([])).as_array().map(Vec::len), Some(1));
    let sockets = call(&server, "core.sockets_list", json!([]));
    assert_eq!(sockets["SOCKETS"][0]["PORT"], server.addr().port().to_string());
    assert_eq!(call(&server, "core.echo", json!(["a", 1])), json!(["a", "1"]));
    let names = call(&server, "system.listMethods", json!([]));
    let has = |name: &str| names.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    for name in ["tm.stats", "tm.list", "ul.dump", "ul.add", "htable.sets", "mqueue.get_size", "sl.stats"] {
        assert!(has(name), "{name}");
    }
    assert_eq!(call(&server, "no.such", json!([])), -32_601);
}

#[test]
fn statistics_count_what_came_and_went() {
    let server = server();
    let mut phone = server.connect();
    for number in 0..3 {
        assert_eq!(phone.ask(&options(number)).line, "SIP/2.0 200 OK");
    }
    let message = options(9).replace("OPTIONS", "MESSAGE");
    assert_eq!(phone.ask(&message).line, "SIP/2.0 202 Accepted");
    let unknown = options(10).replace("OPTIONS", "FOO");
    assert_eq!(phone.ask(&unknown).line, "SIP/2.0 404 Not Found");

    let shared = server.shared();
    for (name, count) in [
        ("rcv_requests", 5),
        ("rcv_requests_options", 3),
        ("rcv_requests_message", 1),
        ("unsupported_methods", 1),
        ("200_replies", 3),
        ("4xx_replies", 1),
        ("404_replies", 1),
        ("passive_open", 1),
        ("current_opened_connections", 1),
        ("fwd_requests", 0),
    ] {
        assert_eq!(shared.statistic(name), Some(count), "{name}");
    }
    assert_eq!(shared.statistic("no_such"), None);
    assert!(shared.statistic("used_size").is_some_and(|bytes| bytes > 100_000));

    assert_eq!(
        call(&server, "stats.get_statistics", json!(["rcv_requests"])),
        json!(["core:rcv_requests = 5"])
    );
    assert_eq!(call(&server, "stats.fetch", json!(["sl:200_replies"])), json!({ "sl.200_replies": "3" }));
    assert_eq!(
        call(&server, "stats.fetchn", json!(["sl.200_replies", "rcv_replies"])),
        json!({ "sl.200_replies": 3, "core.rcv_replies": 0 })
    );
    let core = call(&server, "stats.fetch", json!(["core:"]));
    assert!(
        core.as_object()
            .is_some_and(|core| core.len() > 30 && core.keys().all(|name| name.starts_with("core.")))
    );
    assert!(call(&server, "stats.fetch", json!(["all"])).as_object().is_some_and(|all| all.len() > 80));
    assert_eq!(call(&server, "stats.fetch", json!(["no_such"])), 404);
    assert_eq!(call(&server, "stats.fetch", json!([])), -32_602);

    let sl = call(&server, "sl.stats", json!([]));
    assert_eq!((&sl["200"], &sl["4xx"], &sl["sent"]), (&json!(3), &json!(1), &json!(4)));
    let tm = call(&server, "tm.stats", json!([]));
    assert_eq!((&tm["total"], &tm["current"], &tm["rpl_generated"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!((&tm["2xx"], &tm["4xx"]), (&json!(1), &json!(0)));
    assert_eq!(
        (shared.statistic("UAS_transactions"), shared.statistic("2xx_transactions")),
        (Some(1), Some(1))
    );

    assert!(shared.counters().add("calls", 5));
    assert_eq!(call(&server, "stats.fetch", json!(["script:"])), json!({ "script.calls": "5" }));
    assert_eq!(call(&server, "stats.reset_statistics", json!(["script:calls"])), Json::Null);
    assert_eq!(shared.statistic("calls"), Some(0));
    assert_eq!(call(&server, "stats.reset_statistics", json!(["rcv_requests"])), 400);
}

#[test]
fn contacts_are_seen_added_and_removed() {
    let server = server();
    assert_eq!(server.connect().ask(&register("sip:bob@192.0.2.4:5062", 600)).line, "SIP/2.0 200 OK");
    let bob = call(&server, "ul.lookup", json!(["location", "bob"]));
    assert_eq!(bob["AoR"], "bob");
    let contact = &bob["Contacts"][0]["Contact"];
    assert_eq!((&contact["Address"], &contact["Q"]), (&json!("sip:bob@192.0.2.4:5062"), &json!(0.5)));
    assert!(contact["Expires"].as_u64().is_some_and(|left| (590..=600).contains(&left)), "{contact}");
    assert_eq!(server.shared().statistic("location-contacts"), Some(1));
    assert_eq!(server.shared().statistic("accepted_regs"), Some(1));

    let add = json!(["location", "alice@example.org", "sip:alice@192.0.2.5", 0, 1.0, "0", 0, 0, 0]);
    assert_eq!(call(&server, "ul.add", add), Json::Null);
    assert_eq!(
        call(&server, "ul.add", json!(["location", "alice", "sip:alice@192.0.2.6", "300"])),
        Json::Null
    );
    let alice = call(&server, "ul.lookup", json!(["location", "alice@example.org"]));
    assert_eq!(alice["Contacts"].as_array().map(Vec::len), Some(2));
    assert_eq!(alice["Contacts"][0]["Contact"]["Q"], 1.0);

    let dump = call(&server, "ul.dump", json!([]));
    let domain = &dump["Domains"][0]["Domain"];
    assert_eq!((&domain["Domain"], &domain["Stats"]["Records"]), (&json!("location"), &json!(2)));
    let brief = call(&server, "ul.dump", json!(["brief"])).to_string();
    assert!(brief.contains("sip:alice@192.0.2.6") && !brief.contains("Call-ID"));

    assert_eq!(
        call(&server, "ul.rm_contact", json!(["location", "alice", "sip:alice@192.0.2.6"])),
        Json::Null
    );
    assert_eq!(call(&server, "ul.rm_contact", json!(["location", "alice", "sip:alice@192.0.2.6"])), 404);
    assert_eq!(call(&server, "ul.rm", json!(["location", "alice"])), Json::Null);
    assert_eq!(call(&server, "ul.rm", json!(["location", "alice"])), 404);
    assert_eq!(call(&server, "ul.lookup", json!(["location", "alice"])), 404);
    assert_eq!(server.shared().statistic("location-users"), Some(1));

    for wrong in [
        json!([]),
        json!(["location"]),
        json!(["location", "carol"]),
        json!(["location", "carol", "sip:c@192.0.2.7", "soon"]),
        json!(["location", "carol", "sip:c@192.0.2.7", -5]),
        json!(["location", "carol", "sip:c@192.0.2.7", 60, 1.5]),
        json!(["location", "carol", "sip:c@192.0.2.7>\r\nX: y", 60]),
        json!(["location", "carol", "sip:c@192.0.2.7", 60, 1, "<sip:p>\r\nX: y"]),
        json!(["location", "carol", "sip:c@192.0.2.7>,<sip:d@192.0.2.8", 60]),
    ] {
        assert_eq!(call(&server, "ul.add", wrong.clone()), -32_602, "{wrong}");
    }
    assert_eq!(call(&server, "ul.lookup", json!(["elsewhere", "bob"])), 500);
    assert_eq!(call(&server, "ul.lookup", json!(["location", "carol"])), 404, "nothing came of it");
}

#[test]
fn tables_and_queues_are_seen_and_changed() {
    let server = server();
    assert_eq!(call(&server, "htable.sets", json!(["ipban", "192.0.2.4", "scanner"])), Json::Null);
    assert_eq!(call(&server, "htable.seti", json!(["ipban", "192.0.2.5", "12"])), Json::Null);
    let get = |key: &str| call(&server, "htable.get", json!(["ipban", key]));
    assert_eq!(get("192.0.2.4")["item"]["value"], "scanner");
    assert_eq!(get("192.0.2.5")["item"]["value"], 12);
    assert_eq!(call(&server, "htable.dump", json!(["ipban"])).as_array().map(Vec::len), Some(2));
    assert_eq!(call(&server, "htable.delete", json!(["ipban", "192.0.2.4"])), Json::Null);
    assert_eq!(get("192.0.2.4"), 500);
    let tables = call(&server, "htable.listTables", json!([]));
    assert_eq!((&tables[0]["name"], &tables[0]["expire"]), (&json!("ipban"), &json!(300)));
    assert_eq!(call(&server, "htable.get", json!(["none", "x"])), 500);
    assert_eq!(call(&server, "htable.seti", json!(["ipban", "x", "many"])), -32_602);
    assert_eq!(call(&server, "htable.flush", json!(["ipban"])), Json::Null);
    assert_eq!(call(&server, "htable.stats", json!([]))[0]["all"], 0);

    assert_eq!(call(&server, "mqueue.get_size", json!(["cdr"]))["size"], 1);
    assert_eq!(call(&server, "mqueue.get_sizes", json!([])), json!([{ "name": "cdr", "size": 1 }]));
    assert_eq!(call(&server, "mqueue.fetch", json!(["cdr"])), json!({ "key": "call", "value": "12 s" }));
    assert_eq!(call(&server, "mqueue.fetch", json!(["cdr"])), 404);
    assert_eq!(call(&server, "mqueue.get_size", json!(["none"])), 404);
}

#[test]
fn a_transaction_is_in_the_list_while_it_is_there() {
    let server = server();
    assert_eq!(call(&server, "tm.list", json!([])), json!([]));
    // Over UDP it lingers, for the request may come again.
    let message = options(5).replace("OPTIONS", "MESSAGE").replace("/TCP", "/UDP");
    let phone = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    phone.set_read_timeout(Some(Duration::from_secs(10))).expect("option");
    phone.send_to(message.as_bytes(), server.shared().listens()[1].addr).expect("sent");
    let mut reply = [0; 1000];
    let len = phone.recv(&mut reply).expect("a reply");
    assert!(reply[..len].starts_with(b"SIP/2.0 202 "));
    let list = call(&server, "tm.list", json!([]));
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    let one = &list[0];
    assert_eq!(
        (&one["method"], &one["callid"], &one["cseq"]),
        (&json!("MESSAGE"), &json!("5@test"), &json!("1 MESSAGE"))
    );
    assert_eq!((&one["last_status"], &one["active"]), (&json!(202), &json!("no")));
    assert_eq!(server.shared().statistic("inuse_transactions"), Some(1));
    assert_eq!(call(&server, "tm.stats", json!([]))["waiting"], 1);
}

#[test]
fn commands_come_over_a_unix_socket_too() {
    let path = |name: &str| std::env::temp_dir().join(format!("sip-server-{}-{name}", std::process::id()));
    let server = Served::start(Server::new().workers(1).commands(path("rpc")), routes);
    let client = UnixDatagram::bind(path("client")).expect("a socket");
    client.set_read_timeout(Some(Duration::from_secs(10))).expect("option");
    let request = json!({ "jsonrpc": "2.0", "method": "core.echo", "params": ["a"], "id": 1 }).to_string();
    client.send_to(request.as_bytes(), path("rpc")).expect("sent");
    let mut answer = [0; 1000];
    let len = client.recv(&mut answer).expect("an answer");
    let answer: Json = serde_json::from_slice(&answer[..len]).expect("JSON");
    assert_eq!(answer, json!({ "jsonrpc": "2.0", "result": ["a"], "id": 1 }));
    drop(server);
    assert!(!path("rpc").exists(), "the socket goes with the server");
    std::fs::remove_file(path("client")).expect("removed");
}

#[test]
fn a_notification_over_http_has_no_content() {
    let server = server();
    let body = r#"{"jsonrpc":"2.0","method":"core.echo"}"#;
    let request = format!("POST /RPC HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = server.connect().ask(&request);
    assert_eq!((answer.line.as_str(), answer.header("content-length")), ("HTTP/1.1 204 No Content", None));
}

#[test]
fn metrics_are_served_by_a_route_or_by_a_setting() {
    let server = server();
    server.connect().ask(&options(1));
    let answer = server.connect().ask("GET /prometheus HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "# TYPE kamailio_core_rcv_requests counter\nkamailio_core_rcv_requests 1\n",
        "# TYPE kamailio_usrloc_location_users gauge\nkamailio_usrloc_location_users 0\n",
        "kamailio_script_calls 0\n",
        "kamailio_route_seconds{route=\"request\",quantile=\"0.999\"} ",
        "kamailio_route_seconds_count{route=\"request\"} 1\n",
    ] {
        assert!(answer.body.contains(line), "{line}: {}", answer.body);
    }
    for line in answer.body.lines().filter(|line| !line.starts_with('#')) {
        let value = line.rsplit(' ').next().unwrap_or_default();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert_eq!(
        server.connect().ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").line,
        "HTTP/1.1 404 Not Found"
    );
    assert_eq!(
        server.connect().ask("POST /prometheus HTTP/1.1\r\nHost: a\r\n\r\n").line,
        "HTTP/1.1 405 Method Not Allowed"
    );

    let asked = Served::start(Server::new().workers(1).metrics(true), routes);
    let answer = asked.connect().ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.body.contains("sip_core_rcv_requests 0\n"));
}
