//! The table `subscriber`: users and their secrets.

use std::fmt;

use sip_async::sql::{Database, Value};

use crate::store::error::StoreError;

/// What a user is known by. Written out, it says nothing.
#[derive(Clone, Eq, PartialEq)]
pub enum Secret {
    /// The password itself.
    Password(String),
    /// The HA1 that user, realm and password make (RFC 7616 3.4.2), in hexadecimal digits: of MD5, as Kamailio's
    /// tools write it, unless its length says otherwise.
    Ha1(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(..)",
            Self::Ha1(_) => "Ha1(..)",
        })
    }
}

/// Users in the table `subscriber` of a database, as Kamailio lays it out.
///
/// A password that is there counts before `ha1`; where the user name of the credentials has a domain in it,
/// `user@domain`, that domain is looked for and `ha1b` counts, which is made with it.
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

    /// The secret of a user, by the user name and the realm of the credentials. `None`: there is no such user, or
    /// nothing is stored that could be known.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the database cannot be asked now. Nobody is authenticated then.
    pub async fn secret(&self, user: &[u8], realm: &[u8]) -> Result<Option<Secret>, StoreError> {
        let (Ok(name), Ok(realm)) = (std::str::from_utf8(user), std::str::from_utf8(realm)) else {
            return Ok(None); // a text column holds no such name
        };
        let (user, domain, has_domain) = match name.split_once('@') {
            Some((user, domain)) => (user, Some(domain), true),
            None => (name, Some(realm).filter(|_| self.use_domain), false),
        };
        let mut sql = "SELECT password, ha1, ha1b FROM subscriber WHERE username = ?".to_owned();
        let mut params = vec![Value::from(user)];
        if let Some(domain) = domain {
            sql.push_str(" AND domain = ?");
            params.push(domain.into());
        }
        let rows = self.database.query(sql, params).await?;
        let Some([password, ha1, ha1b]) = rows.first() else { return Ok(None) };
        let ha1 = if has_domain { ha1b } else { ha1 };
        let text = |value: &Value| Some(value.to_text().into_owned()).filter(|text| !text.is_empty());
        Ok(text(password).map(Secret::Password).or_else(|| text(ha1).map(Secret::Ha1)))
    }
}
