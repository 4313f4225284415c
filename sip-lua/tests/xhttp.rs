//! HTTP, commands and statistics for scripts: on real sockets, since the played network has no connections.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

#[path = "../../sip-server/tests/served/mod.rs"]
mod served;

use std::io::Write;
use std::path::Path;

use served::{Answer, Served, options};
use sip_lua::{LuaRoutes, Script, Settings};
use sip_server::Server;

const REQUEST_ROUTE: &str = "function ksr_request_route() KSR.sl.sl_send_reply(200, 'OK') end\n";

fn served(text: &str, settings: Settings) -> Served {
    let script = Script::new("test.lua", format!("{REQUEST_ROUTE}{text}"), settings);
    Served::start(Server::new().workers(1), LuaRoutes::factory(script).expect("it loads"))
}

/// A server whose HTTP function has this body.
fn answering(body: &str) -> Served {
    served(&format!("function ksr_xhttp_event(evname)\n{body}\nend"), Settings::new())
}

fn get(server: &Served, target: &str) -> Answer {
    server.connect().ask(&format!("GET {target} HTTP/1.1\r\nHost: a\r\nX-Test: one\r\nX-Test: two\r\n\r\n"))
}

/// The text that this expression of Lua has in the function of an HTTP request.
fn value(expression: &str) -> String {
    let server =
        answering(&format!("KSR.xhttp.xhttp_reply(200, 'OK', 'text/plain', tostring({expression}))"));
    let post = "POST /a/b?c=d HTTP/1.1\r\nHost: a:5060\r\nX-Test: one\r\nX-Test: two\r\nContent-Length: 5\r\n\r\nhello";
    let answer = server.connect().ask(post);
    assert_eq!(answer.line, "HTTP/1.1 200 OK", "{expression}");
    answer.body
}

#[test]
fn variables_are_those_of_the_http_request() {
    for (expression, wanted) in [
        ("evname", "xhttp:request"),
        ("KSR.pv.get('$rm')", "POST"),
        ("KSR.pv.get('$hu')", "/a/b?c=d"),
        ("KSR.xhttp.get_hu()", "/a/b?c=d"),
        ("KSR.pv.get('$ru')", "/a/b?c=d"),
        ("KSR.pv.get('$hdr(x-test)')", "one"),
        ("KSR.pv.get('$(hdr(X-Test)[-1])')", "two"),
        ("KSR.hdr.get('Host')", "a:5060"),
        ("KSR.pv.get('$rb')", "hello"),
        ("KSR.pv.get('$cl')", "5"),
        ("KSR.pv.get('$si')", "127.0.0.1"),
        ("KSR.pv.get('$proto')", "tcp"),
        ("KSR.pv.get('$ci')", "nil"),
        ("KSR.pv.get('$T(id_index)')", "nil"),
        ("KSR.is_method_in('T')", "true"),
        ("KSR.sl.sl_send_reply(200, 'OK')", "-1"),
        ("KSR.tm.t_relay() < 1", "true"),
        ("KSR.tm.t_newtran() < 1", "true"),
        ("KSR.registrar.save('location', 0)", "-1"),
        ("(function() KSR.pv.sets('$avp(x)', 'y') return KSR.pv.get('$avp(x)') end)()", "y"),
        ("KSR.set_reply_close()", "true"),
        ("KSR.xhttp.xhttp_reply(99, 'x', 'text/plain', '')", "-1"),
        ("KSR.xhttp.xhttp_reply(200, 'a\\nb', 'text/plain', '')", "-1"),
    ] {
        assert_eq!(value(expression), wanted, "{expression}");
    }
}

#[test]
fn a_reply_is_sent_once_and_0_is_success() {
    let server = answering(
        "if KSR.pv.get('$hu') == '/told' then
             local text = KSR.pv.get('$shv(first)') .. ' ' .. KSR.pv.get('$shv(second)')
             return KSR.xhttp.xhttp_reply(200, 'OK', 'text/plain', text)
         end
         local first = KSR.xhttp.xhttp_reply(201, 'Made', 'text/x', 'body')
         KSR.pv.seti('$shv(first)', first)
         KSR.pv.seti('$shv(second)', KSR.xhttp.xhttp_reply(200, 'OK', 'text/x', 'again'))",
    );
    let answer = get(&server, "/");
    assert_eq!((answer.line.as_str(), answer.header("content-type")), ("HTTP/1.1 201 Made", Some("text/x")));
    assert_eq!(answer.body, "body");
    assert_eq!(get(&server, "/told").body, "0 -1");
    let told =
        answering("KSR.xhttp.xhttp_reply(200, '', '', tostring(KSR.xhttp.xhttp_reply(700, '', '', '')))");
    let answer = get(&told, "/");
    assert_eq!((answer.line.as_str(), answer.body.as_str()), ("HTTP/1.1 200 OK", "-1"));
    assert_eq!(answer.header("content-type"), None);
}

#[test]
fn the_connection_ends_where_the_script_wants_it() {
    let server = answering("KSR.set_reply_close() KSR.xhttp.xhttp_reply(200, 'OK', 'text/plain', '')");
    let mut client = server.connect();
    assert_eq!(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").header("connection"), Some("close"));
    client.assert_ended();
}

#[test]
fn a_function_may_wait_and_others_are_served_meanwhile() {
    let server = answering(
        "if KSR.pv.get('$hu') == '/slow' then KSR.await.sleep(300) end
         KSR.xhttp.xhttp_reply(200, 'OK', 'text/plain', KSR.pv.get('$hu'))",
    );
    let mut slow = server.connect();
    slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let start = std::time::Instant::now();
    assert_eq!(get(&server, "/quick").body, "/quick");
    assert_eq!(server.connect().ask(&options(1)).line, "SIP/2.0 200 OK");
    assert!(start.elapsed() < std::time::Duration::from_millis(290));
    assert_eq!(slow.answer().body, "/slow");
}

#[test]
fn a_script_that_fails_or_has_no_function_is_answered_for() {
    assert_eq!(get(&answering("error('no')"), "/").line, "HTTP/1.1 500 Internal Server Error");
    assert_eq!(get(&answering("while true do end"), "/").line, "HTTP/1.1 500 Internal Server Error");
    assert_eq!(get(&answering("return 1"), "/").line, "HTTP/1.1 404 Not Found");
    assert_eq!(get(&answering("KSR.x.exit()"), "/").line, "HTTP/1.1 404 Not Found");
    assert_eq!(get(&served("", Settings::new()), "/").line, "HTTP/1.1 404 Not Found");
}

#[test]
fn the_function_and_its_targets_are_settings() {
    let settings = Settings::new()
        .modparam("xhttp", "event_callback", "on_http")
        .and_then(|settings| settings.modparam("xhttp", "url_match", "^/api"))
        .and_then(|settings| settings.modparam("xhttp", "url_skip", "secret"))
        .expect("settings");
    let server = served("function on_http() KSR.xhttp.xhttp_reply(200, 'OK', '', '') end", settings);
    assert_eq!(get(&server, "/api/x").line, "HTTP/1.1 200 OK");
    assert_eq!(get(&server, "/other").line, "HTTP/1.1 404 Not Found");
    assert_eq!(get(&server, "/api/secret").line, "HTTP/1.1 404 Not Found");
    let error = Settings::new().modparam("xhttp", "event_callback", "").expect_err("no name");
    assert!(error.to_string().contains("xhttp.event_callback: the name of a function"), "{error}");
}

#[test]
fn commands_are_dispatched_and_executed() {
    let settings = Settings::new().modparam("htable", "htable", "ipban=>size=4").expect("a table");
    let server = served(
        "function ksr_xhttp_event()
            if KSR.pv.get('$hu') == '/RPC' then return KSR.jsonrpcs.dispatch() end
            local all = ''
            local function ask(text)
                local code = KSR.jsonrpcs.exec(text)
                all = all .. code .. ' ' .. tostring(KSR.pv.get('$jsonrpl(code)')) .. ' '
                    .. tostring(KSR.pv.get('$jsonrpl(text)')) .. '\\n'
            end
            ask('{\"jsonrpc\":\"2.0\",\"method\":\"htable.seti\",\"params\":[\"ipban\",\"k\",7],\"id\":1}')
            ask('{\"jsonrpc\":\"2.0\",\"method\":\"htable.get\",\"params\":[\"ipban\",\"x\"],\"id\":1}')
            ask('nonsense')
            all = all .. KSR.htable.sht_get('ipban', 'k') .. tostring(KSR.jsonrpcs.response())
            KSR.xhttp.xhttp_reply(200, 'OK', 'text/plain', all)
        end",
        settings,
    );
    let body = r#"{"jsonrpc":"2.0","method":"htable.listTables","id":3}"#;
    let post = format!("POST /RPC HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = server.connect().ask(&post);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(
        answer.body.contains("\"name\":\"ipban\"") && answer.body.contains("\"id\":3"),
        "{}",
        answer.body
    );

    let told = get(&server, "/exec").body;
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[..3], ["1 200 OK", "1 500 Key name doesn't exist in htable.", "-1 -32700 Parse error"]);
    assert!(lines[3].starts_with("7{\"error\":"), "{told}");
}

#[test]
fn a_script_counts_with_counters_of_its_own() {
    let settings = Settings::new()
        .modparam("counters", "script_counter", "shop.sold things that were sold")
        .and_then(|settings| settings.modparam("statistics", "variable", "seen"))
        .expect("settings");
    let server = served(
        "function ksr_xhttp_event()
            local c, s = KSR.counters, KSR.statistics
            local codes = { c.inc('sold'), c.add('sold', 5), c.inc('none'), s.update_stat('seen', 3), s.update_stat('none', 1) }
            local seen = KSR.pv.get('$stat(seen)')
            codes[#codes + 1] = s.reset_stat('seen')
            local text = table.concat(codes, ',') .. ' ' .. KSR.pv.get('$stat(sold)') .. ' ' .. seen .. ' '
                .. KSR.pv.get('$stat(seen)') .. ' ' .. tostring(KSR.pv.get('$stat(none)'))
            KSR.xhttp.xhttp_reply(200, 'OK', 'text/plain', text)
        end",
        settings,
    );
    assert_eq!(get(&server, "/").body, "1,1,-1,1,-1,1 6 3 0 nil");
    let sold = server.shared().statistics().into_iter().find(|one| one.name == "sold").expect("it is there");
    assert_eq!((sold.group.as_str(), sold.value), ("shop", 6));
    assert!(Settings::new().modparam("counters", "script_counter", "").is_err());
}

#[test]
fn prometheus_finds_its_page() {
    let server = answering(
        "if KSR.xhttp_prom.check_uri() > 0 then return KSR.xhttp_prom.dispatch() end
         KSR.xhttp.xhttp_reply(403, 'No', '', '')",
    );
    assert!(get(&server, "/metrics").body.contains("\nkamailio_core_rcv_requests 0\n"));
    assert_eq!(get(&server, "/metrics?x=y").line, "HTTP/1.1 200 OK");
    assert_eq!(get(&server, "/other").line, "HTTP/1.1 403 No");
}

/// The script that Kamailio is measured with; it stands beside this repository.
#[test]
fn s6_tells_statistics() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/bench/cfg/s6.lua");
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "s6.lua: skipped, there is no {}", path.display());
        return;
    }
    let script = Script::read(path, Settings::new()).expect("it is there");
    let server = Served::start(Server::new().workers(1), LuaRoutes::factory(script).expect("it loads"));
    let mut client = server.connect();
    assert_eq!(client.ask(&options(1)).line, "SIP/2.0 200 OK");
    let answer = client.ask("GET /stats HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((answer.line.as_str(), answer.header("content-type")), ("HTTP/1.1 200 OK", Some("text/html")));
    assert!(answer.body.contains("<tr><td>rcv_requests</td><td>1</td></tr>"), "{}", answer.body);
    assert!(answer.body.contains("<tr><td>err_requests</td><td>0</td></tr>"), "{}", answer.body);
    assert_eq!(get(&server, "/else").line, "HTTP/1.1 404 Not Found");
}
