//! `KSR.auth`: see [`sip_modules::auth`].

use sip_modules::auth::{self, AuthError, ChallengeFlags, Guard, IdentityChecks, Secret};
use sip_server::Ctx;

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

/// Flag 1 of the `pv_` functions: the password is HA1.
const IS_HA1: i64 = 1;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("auth_challenge", |current: &mut Current, (realm, flags): (Text, i64)| {
        let guard = current.ctx().map(|ctx| Guard::of(ctx.method()));
        challenge(current, guard, &realm, flags)
    })?;
    m.call("www_challenge", |current: &mut Current, (realm, flags): (Text, i64)| {
        challenge(current, Some(Guard::Server), &realm, flags)
    })?;
    m.call("proxy_challenge", |current: &mut Current, (realm, flags): (Text, i64)| {
        challenge(current, Some(Guard::Proxy), &realm, flags)
    })?;
    m.call("consume_credentials", |current: &mut Current, ()| {
        one(current.ctx_mut().is_some_and(Ctx::consume_credentials))
    })?;
    m.call("has_credentials", |current: &mut Current, (realm,): (Text,)| {
        let msg = current.msg();
        one([Guard::Server, Guard::Proxy].iter().any(|guard| auth::find(msg, *guard, &realm).is_ok()))
    })?;
    m.call("pv_www_authenticate", |current: &mut Current, (realm, password, flags): (Text, Text, i64)| {
        check(current, Some(Guard::Server), &realm, &password, flags, None)
    })?;
    m.call(
        "pv_www_authenticate_method",
        |current: &mut Current, (realm, password, flags, method): (Text, Text, i64, Text)| {
            check(current, Some(Guard::Server), &realm, &password, flags, Some(&method))
        },
    )?;
    m.call("pv_proxy_authenticate", |current: &mut Current, (realm, password, flags): (Text, Text, i64)| {
        check(current, Some(Guard::Proxy), &realm, &password, flags, None)
    })?;
    m.call(
        "pv_auth_check",
        |current: &mut Current, (realm, password, flags, checks): (Text, Text, i64, i64)| match check(
            current, None, &realm, &password, flags, None,
        ) {
            1 => identity(current, checks),
            code => code,
        },
    )?;
    Ok(m)
}

/// 1: it was sent.
fn challenge(current: &mut Current, guard: Option<Guard>, realm: &Text, flags: i64) -> i32 {
    let (Some(ctx), Some(guard), false) = (current.ctx_mut(), guard, realm.is_empty()) else { return -1 };
    match ctx.challenge(guard, realm, ChallengeFlags::from_bits(flags as u32)) {
        Ok(()) => 1,
        Err(error) => {
            tracing::debug!(%error, "not challenged");
            -1
        }
    }
}

fn check(
    current: &mut Current,
    guard: Option<Guard>,
    realm: &Text,
    password: &Text,
    flags: i64,
    method: Option<&Text>,
) -> i32 {
    let (Some(ctx), false) = (current.ctx(), realm.is_empty()) else { return -1 };
    let secret =
        if flags & IS_HA1 != 0 { Secret::ha1(password) } else { Some(Secret::password(&***password)) };
    let Some(secret) = secret else {
        tracing::error!("the HA1 that a script gave has neither 32 nor 64 hex digits");
        return -1;
    };
    let guard = guard.unwrap_or(Guard::of(ctx.method()));
    code(ctx.check_secret(guard, realm, &secret, method.map(|method| &***method)))
}

/// 1, or what is wrong.
pub(crate) fn code(result: Result<(), AuthError>) -> i32 {
    result.map_or_else(AuthError::code, |()| 1)
}

/// Compares who is authenticated with what the request says.
pub(crate) fn identity(current: &Current, checks: i64) -> i32 {
    let checks = IdentityChecks::from_bits(checks as u32);
    current.ctx().map_or(-1, |ctx| code(ctx.check_identity(checks)))
}
