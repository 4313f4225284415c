//! The tables of a server, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::declaration::DeclarationError;
use crate::htable::Table;
use crate::htable::settings::TableSettings;

/// Tables by name: made at start, shared by reference afterwards, so that a look-up takes no lock.
///
/// A clone has the same tables; a new configuration starts from one.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    by_name: BTreeMap<Box<str>, Arc<Table>>,
}

impl Tables {
    /// No table yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a table of a declaration, see [`TableSettings::parse`].
    ///
    /// # Errors
    ///
    /// What is wrong with the declaration, or [`DeclarationError::Exists`].
    pub fn declare(&mut self, declaration: &str) -> Result<Arc<Table>, DeclarationError> {
        let (name, rules) = TableSettings::parse(declaration)?;
        self.insert(name, Table::new(rules))
    }

    /// Gives a table its name.
    ///
    /// # Errors
    ///
    /// [`DeclarationError::Exists`].
    pub fn insert(&mut self, name: &str, table: Table) -> Result<Arc<Table>, DeclarationError> {
        if self.by_name.contains_key(name) {
            return Err(DeclarationError::Exists { name: name.into() });
        }
        let table = Arc::new(table);
        self.by_name.insert(name.into(), Arc::clone(&table));
        Ok(table)
    }

    /// The table of this name; `None` is -1 of most functions, 2 of `sht_is_null`, 1 of `sht_rm_name_re`.
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.by_name.get(name)
    }

    /// All tables, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Table>)> {
        self.by_name.iter().map(|(name, table)| (&**name, table))
    }
}
