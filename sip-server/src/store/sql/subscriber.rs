//! The table `subscriber`: users and their secrets.

use sip_async::sql::{Database, Value};
use sip_modules::auth::Secret;

use crate::modules::users::{Found, Lookup, Unavailable, UserStore, Wanted};

/// Longest name of a table that a script may give.
const LONGEST: usize = 64;

/// Users in the table `subscriber` of a database, or in another one that a script names, as Kamailio lays it out.
///
/// A password that is there counts before `ha1`, which is of MD5 as Kamailio's tools write it, or longer. Where the
/// user name of the credentials has a domain in it, `user@domain`, that domain is looked for and `ha1b` counts, which
/// is made with it.
#[derive(Clone, Debug)]
pub struct Subscribers {
    database: Database,
    use_domain: bool,
}

impl Subscribers {
    /// The table of this database. `use_domain` (auth_db): whether the realm has to be the user's domain.
    pub fn new(database: Database, use_domain: bool) -> Self {
        Self { database, use_domain }
    }

    async fn find(&self, wanted: Wanted<'_>) -> Found {
        let Wanted { user, realm, hash, table, .. } = wanted;
        if table.is_empty()
            || table.len() > LONGEST
            || !table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            tracing::error!(table, "no name of a table");
            return Err(Unavailable);
        }
        let (Ok(name), Ok(realm)) = (std::str::from_utf8(user), std::str::from_utf8(realm)) else {
            return Ok(None); // a text column holds no such name
        };
        if name.contains('\0') || realm.contains('\0') {
            return Ok(None); // nor such a one
        }
        let (user, domain, has_domain) = match name.split_once('@') {
            Some((user, domain)) => (user, Some(domain), true),
            None => (name, Some(realm).filter(|_| self.use_domain), false),
        };
        let mut sql = format!("SELECT password, ha1, ha1b FROM {table} WHERE username = ?");
        let mut params = vec![Value::from(user)];
        if let Some(domain) = domain {
            sql.push_str(" AND domain = ?");
            params.push(domain.into());
        }
        let rows = self.database.query(sql, params).await.map_err(|error| {
            tracing::warn!(%error, "passwords cannot be looked up");
            Unavailable
        })?;
        let Some([password, ha1, ha1b]) = rows.first() else { return Ok(None) };
        let ha1 = if has_domain { ha1b } else { ha1 }.to_text();
        let password = Some(password.to_text()).filter(|text| !text.is_empty());
        let digits = ha1.as_bytes();
        Ok(password
            .map(|text| Secret::password(text.as_bytes()))
            .or_else(|| Secret::ha1_of(hash, digits))
            .or_else(|| Secret::ha1(digits)))
    }
}

impl UserStore for Subscribers {
    fn secret<'a>(&'a self, wanted: Wanted<'a>) -> Lookup<'a> {
        Lookup::Later(Box::pin(self.find(wanted)))
    }
}
