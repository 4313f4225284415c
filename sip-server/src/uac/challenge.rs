//! Answering a challenge: the credentials for a 401 or 407.
//!
//! Source: RFC 3261 22.2 and 22.3, RFC 7616 3.4, RFC 8760 2.4 (of several challenges of a realm the first that is
//! understood).

use bytes::Bytes;
use sip_core::digest::{Exchange, Qop};
use sip_core::{
    DigestChallenge, EditError, HeaderName, HeaderView, Message, WwwAuthenticate, quote, unquote,
};

use super::Credentials;

/// Most answers for one request: a few realms on its way, and a nonce that was too old.
const MOST: usize = 4;

/// What was answered for one request so far.
#[derive(Debug, Default)]
pub(crate) struct Answered(Vec<Answer>);

#[derive(Debug)]
struct Answer {
    /// Credentials for a proxy, not for the server.
    proxy: bool,
    realm: Bytes,
    value: Vec<u8>,
}

impl Answered {
    /// Puts the answers to the challenges of a response into the request. `false`: there is none, or they were answered
    /// before and it did not do. The CSeq is the caller's business.
    ///
    /// # Errors
    ///
    /// The request cannot be written.
    pub(crate) fn answer(
        &mut self,
        request: &mut Message,
        response: &Message,
        credentials: &Credentials,
        cnonce: &str,
    ) -> Result<bool, EditError> {
        let mut seen: Vec<(bool, &[u8])> = Vec::new();
        let mut any = false;
        for (proxy, challenge) in challenges(response) {
            if seen.contains(&(proxy, challenge.realm)) || self.0.len() >= MOST {
                continue;
            }
            let Some(value) = value(request, &challenge, credentials, cnonce) else { continue };
            seen.push((proxy, challenge.realm));
            let before =
                self.0.iter().position(|answer| answer.proxy == proxy && *answer.realm == **challenge.realm);
            let answer = Answer { proxy, realm: Bytes::copy_from_slice(challenge.realm), value };
            match before {
                // The password is wrong: asking again does not make it right.
                Some(_) if !challenge.stale => return Ok(false),
                Some(at) if self.0.len() < MOST => {
                    // It counts against the bound: a server that finds every nonce stale is asked no further.
                    self.0[at].realm = Bytes::new();
                    self.0[at].value.clear();
                    self.0.push(answer);
                }
                Some(_) => return Ok(false),
                None => self.0.push(answer),
            }
            any = true;
        }
        if any {
            request.remove(HeaderName::Authorization);
            request.remove(HeaderName::ProxyAuthorization);
            for answer in self.0.iter().filter(|answer| !answer.value.is_empty()) {
                let name =
                    if answer.proxy { HeaderName::ProxyAuthorization } else { HeaderName::Authorization };
                request.append(name, &answer.value)?;
            }
        }
        Ok(any)
    }
}

/// Every Digest challenge of a response that can be read, those of servers first; `true`: a proxy's.
fn challenges(response: &Message) -> impl Iterator<Item = (bool, DigestChallenge<'_>)> {
    let own = response.headers(HeaderName::WwwAuthenticate).map(|value| (false, value));
    let proxies = response.headers(HeaderName::ProxyAuthenticate).map(|value| (true, value));
    own.chain(proxies).filter_map(|(proxy, value)| {
        // Both headers are written alike.
        Some((proxy, WwwAuthenticate::parse(value).ok()?.digest().ok()?))
    })
}

/// The credentials; `None` for a challenge that is not understood, or that these credentials are not for.
fn value(
    request: &Message,
    challenge: &DigestChallenge<'_>,
    credentials: &Credentials,
    cnonce: &str,
) -> Option<Vec<u8>> {
    let algorithm = challenge.algorithm()?;
    let qop = match challenge.qop {
        None => None,
        Some(_) if challenge.offers(Qop::Auth) => Some(Qop::Auth),
        Some(_) if challenge.offers(Qop::AuthInt) => Some(Qop::AuthInt),
        Some(_) => return None,
    };
    let ha1 = credentials.ha1(algorithm.hash, &unquote(challenge.realm))?;
    let (uri, method) = (request.request_uri()?, request.method()?);
    const NC: &str = "00000001"; // each nonce is used once
    let exchange = Exchange {
        algorithm,
        method: method.as_bstr(),
        uri,
        nonce: challenge.nonce,
        qop,
        nc: NC.as_bytes(),
        cnonce: cnonce.as_bytes(),
        body: request.body(),
    };
    let response = exchange.response(&ha1);
    let mut value = b"Digest username=".to_vec();
    value.extend(quote(&credentials.user));
    // Escapes stand as they came.
    for (name, text) in
        [(", realm=\"", challenge.realm), ("\", nonce=\"", challenge.nonce), ("\", uri=\"", uri)]
    {
        value.extend_from_slice(name.as_bytes());
        value.extend_from_slice(text);
    }
    value.extend_from_slice(b"\", response=\"");
    value.extend_from_slice(response.as_bstr());
    value.push(b'"');
    if challenge.algorithm.is_some() {
        value.extend_from_slice(format!(", algorithm={algorithm}").as_bytes());
    }
    if qop.is_some() || algorithm.session {
        value.extend_from_slice(format!(", cnonce=\"{cnonce}\"").as_bytes());
    }
    if let Some(qop) = qop {
        value.extend_from_slice(format!(", qop={qop}, nc={NC}").as_bytes());
    }
    if let Some(opaque) = challenge.opaque {
        value.extend_from_slice(b", opaque=\"");
        value.extend_from_slice(opaque);
        value.push(b'"');
    }
    Some(value)
}
