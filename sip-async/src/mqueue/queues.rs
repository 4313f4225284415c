//! The queues of a server, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::declaration::DeclarationError;
use crate::mqueue::Queue;
use crate::mqueue::settings::QueueSettings;

/// Queues by name: made at start, shared by reference afterwards, so that a look-up takes no lock.
///
/// A clone has the same queues; a new configuration starts from one.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    by_name: BTreeMap<Box<str>, Arc<Queue>>,
}

impl Queues {
    /// No queue yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a queue of a declaration, see [`QueueSettings::parse`].
    ///
    /// # Errors
    ///
    /// What is wrong with the declaration, or [`DeclarationError::Exists`].
    pub fn declare(&mut self, declaration: &str) -> Result<Arc<Queue>, DeclarationError> {
        let (name, rules) = QueueSettings::parse(declaration)?;
        self.insert(name, Queue::new(rules))
    }

    /// Gives a queue its name.
    ///
    /// # Errors
    ///
    /// [`DeclarationError::Exists`].
    pub fn insert(&mut self, name: &str, queue: Queue) -> Result<Arc<Queue>, DeclarationError> {
        if self.by_name.contains_key(name) {
            return Err(DeclarationError::Exists { name: name.into() });
        }
        let queue = Arc::new(queue);
        self.by_name.insert(name.into(), Arc::clone(&queue));
        Ok(queue)
    }

    /// The queue of this name; `None` is -1 of `mq_add`, `mq_fetch` and `mq_size`.
    pub fn queue(&self, name: &str) -> Option<&Arc<Queue>> {
        self.by_name.get(name)
    }

    /// All queues, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Queue>)> {
        self.by_name.iter().map(|(name, queue)| (&**name, queue))
    }
}
