//! `KSR.permissions`: see [`sip_modules::permissions`].

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    m.call("allow_source_address", |current: &mut Current, (group,): (i64,)| {
        let (Some(source), Ok(group)) = (current.source(), group.try_into()) else { return -1 };
        let remote = source.remote;
        one(current.shared().addresses().allow_address(group, remote.ip(), remote.port()))
    })?;
    m.call("allow_source_address_group", |current: &mut Current, ()| {
        let Some(remote) = current.source().map(|source| source.remote) else { return -1 };
        current
            .shared()
            .addresses()
            .find(remote.ip(), remote.port())
            .map_or(-1, |entry| i64::from(entry.group))
    })?;
    m.call("allow_address", |current: &mut Current, (group, address, port): (i64, Text, i64)| {
        let (Ok(group), Ok(port)) = (group.try_into(), port.try_into()) else { return -1 };
        one(current.shared().addresses().find_text(Some(group), &address, port).is_some())
    })?;
    m.call("allow_address_group", |current: &mut Current, (address, port): (Text, i64)| {
        let Ok(port) = port.try_into() else { return -1 };
        current
            .shared()
            .addresses()
            .find_text(None, &address, port)
            .map_or(-1, |entry| i64::from(entry.group))
    })?;
    Ok(m)
}
