//! `KSR.path`: see [`sip_modules::path`].

use sip_modules::path::{self, Options};

use crate::current::Current;
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

/// A name with and without `received`.
type Names = [(&'static str, bool); 2];

const PLAIN: Names = [("add_path", false), ("add_path_received", true)];
const USER: Names = [("add_path_user", false), ("add_path_received_user", true)];
const USER_PARAMS: Names = [("add_path_user_params", false), ("add_path_received_user_params", true)];
const ADDRESS: Names =
    [("add_path_advertised_address", false), ("add_path_received_advertised_address", true)];
const ADDRESS_USER: Names =
    [("add_path_advertised_address_user", false), ("add_path_received_advertised_address_user", true)];
const ADDRESS_USER_PARAMS: Names = [
    ("add_path_advertised_address_user_params", false),
    ("add_path_received_advertised_address_user_params", true),
];

pub(crate) fn register(mut m: Module<'_>) -> mlua::Result<Module<'_>> {
    for (name, received) in PLAIN {
        m.call(name, move |current: &mut Current, ()| add(current, received, [None; 3]))?;
    }
    for (name, received) in USER {
        m.call(name, move |current: &mut Current, (user,): (Text,)| {
            add(current, received, [None, Some(&user), None])
        })?;
    }
    for (name, received) in USER_PARAMS {
        m.call(name, move |current: &mut Current, (user, params): (Text, Text)| {
            add(current, received, [None, Some(&user), Some(&params)])
        })?;
    }
    for (name, received) in ADDRESS {
        m.call(name, move |current: &mut Current, (address,): (Text,)| {
            add(current, received, [Some(&address), None, None])
        })?;
    }
    for (name, received) in ADDRESS_USER {
        m.call(name, move |current: &mut Current, (address, user): (Text, Text)| {
            add(current, received, [Some(&address), Some(&user), None])
        })?;
    }
    for (name, received) in ADDRESS_USER_PARAMS {
        m.call(name, move |current: &mut Current, (address, user, params): (Text, Text, Text)| {
            add(current, received, [Some(&address), Some(&user), Some(&params)])
        })?;
    }
    Ok(m)
}

fn add(current: &mut Current, received: bool, [address, user, params]: [Option<&Text>; 3]) -> i64 {
    let Some(source) = current.source().copied() else { return -1 };
    let text = |text: Option<&'_ Text>| text.map(|text| text.to_vec()).unwrap_or_default();
    let (user, params) = (text(user), text(params));
    let mut options = Options::default();
    options.received = received;
    options.user = &user;
    options.params = &params;
    options.address = address.map(|address| &***address);
    one(path::add(current.msg_mut(), &source, &options).is_ok())
}
