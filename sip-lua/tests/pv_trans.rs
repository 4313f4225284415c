//! Transformations of pseudo-variables, as scripts write them.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::told;

/// What the transformations make of a text; null is `<null>`.
fn all(cases: &[(&str, &str, &str)]) {
    let mut script = String::from("local out, read = {}, KSR.pv.getw\n");
    for (text, steps, _) in cases {
        script += &format!(
            "KSR.pv.sets('$var(x)', [==[{text}]==]) out[#out + 1] = read([==[$(var(x){steps})]==])\n"
        );
    }
    for (at, (text, steps, expected)) in cases.iter().enumerate() {
        assert_eq!(told(&format!("{script} return out[{}]", at + 1)), *expected, "{text} {steps}");
    }
}

#[test]
fn texts_are_cut_and_searched() {
    all(&[
        ("abc", "{s.len}", "3"),
        ("42", "{s.int}", "42"),
        ("42x", "{s.int}", "<null>"),
        ("42x", "{s.intv}", "42"),
        ("aBc", "{s.toupper}", "ABC"),
        ("aBc", "{s.tolower}", "abc"),
        ("abcdef", "{s.substr,1,2}", "bc"),
        ("abcdef", "{s.substr,-2,0}", "ef"),
        ("a,b,c", "{s.select,1,,}", "b"),
        ("a;b;c", "{s.select,-1,;}", "c"),
        ("a b\tc", "{s.selectsw,2}", "c"),
        ("abc", "{s.strip,1}", "bc"),
        ("abc", "{s.striptail,1}", "ab"),
        ("ab:c", "{s.stripto,:}", ":c"),
        ("a-b-c", "{s.before,-}", "a"),
        ("a-b-c", "{s.after,-}", "b-c"),
        ("a-b-c", "{s.rbefore,-}", "a-b"),
        ("a-b-c", "{s.rafter,-}", "c"),
        ("a-b-c", "{s.count,-}", "2"),
        ("abc", "{s.charat,1}", "b"),
        ("abc", "{s.byteat,1}", "98"),
        ("abc", "{s.charat,9}", "<null>"),
        ("a1b22", "{s.numeric}", "122"),
        ("12", "{s.prefixes}", "1,12"),
        ("12", "{s.prefixes.quoted,1}", "'1'"),
        ("abc", "{s.toupper}{s.strip,1}{s.len}", "2"),
    ]);
}

#[test]
fn texts_are_changed() {
    all(&[
        ("aXbX", "{s.replace,X,-}", "a-b-"),
        ("aXbX", "{s.rm,X}", "ab"),
        (" a b ", "{s.rmws}", "ab"),
        ("  a b ", "{s.trim}", "a b"),
        ("  a ", "{s.ltrim}{s.len}", "2"),
        ("  a ", "{s.rtrim}{s.len}", "3"),
        ("a  \t b", "{s.rmhdws}", "a b"),
        ("\"q\"", "{s.unquote}", "q"),
        ("<u>", "{s.unbracket}", "u"),
        ("a.b.c", "{re.subst,/\\./-/g}", "a-b-c"),
        ("abc", "{re.subst,/(b)(c)/\\2\\1/}", "acb"),
        ("abc", "{re.subst,/x/y/}", "abc"),
        ("abc", "{re.subst,no}", "<null>"),
    ]);
}

#[test]
fn texts_are_coded_and_summed() {
    all(&[
        ("a'b", "{s.escape.common}", "a\\'b"),
        ("a\\'b", "{s.unescape.common}", "a'b"),
        ("a@b", "{s.escape.user}", "a%40b"),
        ("a%40b", "{s.unescape.user}", "a@b"),
        ("a;b", "{s.escape.param}", "a%3bb"),
        ("a%3bb", "{s.unescape.param}", "a;b"),
        ("a b&", "{s.urlencode.param}", "a+b%26"),
        ("a+b%26", "{s.urldecode.param}", "a b&"),
        ("a\"b", "{s.escape.csv}", "\"a\"\"b\""),
        ("x\\ny", "{s.unescape.crlf}{s.escape.crlf}", "x\\ny"),
        ("ab", "{s.encode.hexa}", "6162"),
        ("6162", "{s.decode.hexa}", "ab"),
        ("a?>", "{s.encode.base64}", "YT8+"),
        ("ab", "{s.encode.base64t}", "YWI"),
        ("a?>", "{s.encode.base64url}", "YT8-"),
        ("YT8-", "{s.decode.base64url}", "a?>"),
        ("YWI=", "{s.decode.base64}", "ab"),
        ("abc", "{s.md5}", "900150983cd24fb0d6963f7d28e17f72"),
        ("abc", "{s.sha1}", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abc", "{s.sha256}{s.substr,0,16}", "ba7816bf8f01cfea"),
        ("abc", "{s.sha384}{s.len}", "96"),
        ("abc", "{s.sha512}{s.substr,0,16}", "ddaf35a193617aba"),
        ("123456789", "{s.crc32}", "3421780262"),
        ("abc", "{s.corehash,1}", "0"),
    ]);
}

#[test]
fn uris_and_addresses_have_parts() {
    const URI: &str = "sip:bob:pw@a.org:5070;transport=tcp;lr;x=1?h=v";
    all(&[
        (URI, "{uri.scheme}{uri.user}", "<null>"),
        (URI, "{uri.user}", "bob"),
        (URI, "{uri.passwd}", "pw"),
        (URI, "{uri.host}", "a.org"),
        (URI, "{uri.domain}", "a.org"),
        (URI, "{uri.port}", "5070"),
        (URI, "{uri.params}", "transport=tcp;lr;x=1"),
        (URI, "{uri.headers}", "h=v"),
        (URI, "{uri.transport}", "tcp"),
        (URI, "{uri.param,x}", "1"),
        (URI, "{uri.rmparam,x}", "sip:bob:pw@a.org:5070;transport=tcp;lr?h=v"),
        (URI, "{uri.saor}", "sip:bob@a.org"),
        (URI, "{uri.suri}", "sip:bob@a.org:5070;transport=tcp"),
        (URI, "{uri.duri}", "sip:a.org:5070;transport=tcp"),
        (URI, "{uri.tosocket}", "tcp:a.org:5070"),
        ("no URI", "{uri.user}", "<null>"),
        ("sip:1.2.3.4:5061;transport=tls", "{urialias.encode}", "1.2.3.4~5061~3"),
        ("1.2.3.4~5061~3", "{urialias.decode}", "sip:1.2.3.4:5061;transport=tls"),
        ("1.2.3.4~x", "{urialias.decode}", "<null>"),
        ("tcp:[::1]:5070", "{sock.host}", "[::1]"),
        ("tcp:[::1]:5070", "{sock.port}", "5070"),
        ("TCP:a:1", "{sock.proto}", "TCP"),
        ("udp:a:1", "{sock.touri}", "sip:a:1;transport=udp"),
        ("nothing", "{sock.host}", "<null>"),
        ("http://a/b/c?d=e#f", "{url.path}", "/b/c"),
        ("/b/c?d=e", "{url.querystring}", "d=e"),
        ("\"Bob\" <sip:b@c>;tag=1", "{nameaddr.name}", "Bob"),
        ("\"Bob\" <sip:b@c>;tag=1", "{nameaddr.uri}", "sip:b@c"),
        ("\"Bob\" <sip:b@c>;tag=1", "{nameaddr.len}", "15"),
        ("\"Bob\" <sip:b@c>;tag=1", "{tobody.tag}", "1"),
        ("\"Bob\" <sip:b@c>;tag=1", "{tobody.user}", "b"),
        ("\"Bob\" <sip:b@c>;tag=1", "{tobody.host}", "c"),
        ("\"Bob\" <sip:b@c>;tag=1", "{tobody.params}", "tag=1"),
        ("\"Bob\" <sip:b@c>;tag=1", "{tobody.display}", "Bob"),
        ("\"Bob\" <sip:b@c>;tag=1", "{tobody.uri}", "sip:b@c"),
    ]);
}

#[test]
fn parameters_lines_and_values_have_parts() {
    all(&[
        ("a=1;b=\"2;3\";c", "{param.value,b}", "2;3"),
        ("a=1,b=2", "{param.value,b,,}", "2"),
        ("a=1;b=2", "{param.valueat,1}", "2"),
        ("a=1;b=2", "{param.name,-1}", "b"),
        ("a=1;b;c", "{param.count}", "3"),
        ("a=1;b", "{param.in,b}", "1"),
        ("a=1;b", "{param.in,c}", "0"),
        ("one\ntwo\nthree", "{line.at,1}", "two"),
        ("one\ntwo\nthree", "{line.count}", "3"),
        ("one\ntwo\nthree", "{line.sw,th}", "three"),
        ("a\"b\n", "{val.json}", "a\\\"b\\n"),
        ("a", "{val.jsonqe}", "\"a\""),
        ("a7b9", "{num.fdigit}", "7"),
        ("a7b9", "{num.ldigit}", "9"),
        ("1000000000", "{s.ftime,%Y}", "2001"),
    ]);
}

#[test]
fn null_stays_null_but_where_it_has_a_value() {
    let said = told(
        "local out = {}
         for _, step in ipairs {'s.len', 'uri.user', 'val.n0', 'val.ne', 'val.json', 'val.jsonqe'} do
             out[#out + 1] = KSR.pv.getw('$(rr{' .. step .. '})')
         end
         return table.concat(out, ' ')",
    );
    assert_eq!(said, "<null> <null> 0   \"\"");
}
