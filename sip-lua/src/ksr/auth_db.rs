//! `KSR.auth_db`: credentials by the users that the server was given.

use sip_modules::auth::Guard;

use crate::current::Current;
use crate::ksr::auth::{code, identity};
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.waits(
        "auth_check",
        async |current: &mut Current, (realm, table, flags): (Text, Text, i64)| match check(
            current, None, &realm, &table,
        )
        .await
        {
            1 => identity(current, flags),
            code => code,
        },
    )?;
    m.waits("www_authenticate", async |current: &mut Current, (realm, table): (Text, Text)| {
        check(current, Some(Guard::Server), &realm, &table).await
    })?;
    // The flags choose what Kamailio loads beside; nothing is.
    m.waits("is_subscriber", async |current: &mut Current, (uri, table, _): (Text, Text, i64)| {
        let (Some(ctx), false) = (current.ctx(), table.is_empty()) else { return -1 };
        one(ctx.is_subscriber(&uri, &table.to_utf8()).await.unwrap_or(false))
    })?;
    Ok(m)
}

/// REGISTER has Authorization, all others Proxy-Authorization, unless `guard` says.
async fn check(current: &mut Current, guard: Option<Guard>, realm: &Text, table: &Text) -> i32 {
    let Some(ctx) = current.ctx() else { return -1 };
    if realm.is_empty() || table.is_empty() {
        return -1;
    }
    let guard = guard.unwrap_or(Guard::of(ctx.method()));
    code(ctx.check_user(guard, realm, &table.to_utf8()).await)
}
