//! What a route leaves for the later routes of its transaction: named values (Kamailio's AVPs and XAVPs).

use std::collections::VecDeque;
use std::sync::Arc;

use bstr::BStr;
use bytes::Bytes;
use parking_lot::Mutex;

use crate::ctx::destination::Destination;

/// Most values that a transaction may have, those in records included.
const MOST_VALUES: usize = 1024;
/// Most bytes that their names and texts may have.
const MOST_BYTES: usize = 256 * 1024;

/// A value of [`Vars`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum VarValue {
    /// A number.
    Int(i64),
    /// A text, not always UTF-8.
    Text(Bytes),
}

/// Named values that live as long as a transaction: the routes of a request, its branches, replies and
/// failures all see the same ones.
///
/// A name has any number of values, the newest first (`$avp`). A record is a name with fields of its own, and there
/// may be several of a name, the newest first again (`$xavp`).
///
/// A clone is the same place, from any thread. At most 1024 values with 256 KiB in all; what would be more is
/// refused.
#[derive(Clone, Debug, Default)]
pub struct Vars(Arc<Mutex<All>>);

#[derive(Debug, Default)]
struct All {
    /// The newest at the end.
    values: Vec<Field>,
    /// The newest at the end.
    records: Vec<Record>,
    count: usize,
    bytes: usize,
    /// Groups of contacts that were not tried yet (`contacts_avp`).
    contacts: VecDeque<Vec<Destination>>,
}

#[derive(Debug)]
struct Field {
    name: Box<BStr>,
    value: VarValue,
}

#[derive(Debug)]
struct Record {
    name: Box<BStr>,
    /// The newest at the end.
    fields: Vec<Field>,
}

impl Vars {
    /// Groups of contacts to be tried one after the other, in place of others.
    pub(crate) fn set_contacts(&self, groups: Vec<Vec<Destination>>) {
        self.0.lock().contacts = groups.into();
    }

    /// The next group; empty: none is left.
    pub(crate) fn next_contacts(&self) -> Vec<Destination> {
        self.0.lock().contacts.pop_front().unwrap_or_default()
    }

    /// Adds a value to a name, before those that it has (`$avp(name) = value`). `false`: there is no room.
    pub fn push(&self, name: impl AsRef<[u8]>, value: VarValue) -> bool {
        let mut all = self.0.lock();
        let Some(field) = all.admit(name.as_ref(), value) else { return false };
        all.values.push(field);
        true
    }

    /// The value of a name at this place, 0 the newest.
    pub fn get(&self, name: impl AsRef<[u8]>, at: usize) -> Option<VarValue> {
        nth(&self.0.lock().values, name.as_ref(), at).map(|field| field.value.clone())
    }

    /// How many values a name has.
    pub fn count(&self, name: impl AsRef<[u8]>) -> usize {
        self.0.lock().values.iter().filter(|field| **field.name == *name.as_ref()).count()
    }

    /// Gives the value at this place another one. `false`: there is no such place, or no room.
    pub fn replace(&self, name: impl AsRef<[u8]>, at: usize, value: VarValue) -> bool {
        let mut all = self.0.lock();
        let Some(place) = place(&all.values, name.as_ref(), at) else { return false };
        let Some(field) = all.admit(name.as_ref(), value) else { return false };
        let old = std::mem::replace(&mut all.values[place], field);
        all.release(&old);
        true
    }

    /// Takes the value at this place away. `false`: there is none.
    pub fn remove(&self, name: impl AsRef<[u8]>, at: usize) -> bool {
        let mut all = self.0.lock();
        let Some(place) = place(&all.values, name.as_ref(), at) else { return false };
        let old = all.values.remove(place);
        all.release(&old);
        true
    }

    /// Takes all values of a name away, and tells how many there were.
    pub fn clear(&self, name: impl AsRef<[u8]>) -> usize {
        let mut all = self.0.lock();
        let old: Vec<_> = all.values.extract_if(.., |field| **field.name == *name.as_ref()).collect();
        old.iter().for_each(|field| all.release(field));
        old.len()
    }

    /// Makes a record with one field, before others of its name (`$xavp(name=>field) = value`). `false`: there
    /// is no room.
    pub fn push_record(&self, name: impl AsRef<[u8]>, field: impl AsRef<[u8]>, value: VarValue) -> bool {
        let mut all = self.0.lock();
        let Some(field) = all.admit(field.as_ref(), value) else { return false };
        all.records.push(Record { name: Box::<[u8]>::from(name.as_ref()).into(), fields: vec![field] });
        true
    }

    /// Sets a field of a record, by its place among those of its name (`$xavp(name[at]=>field) = value`).
    /// `false`: there is no such record, or no room.
    pub fn set_field(
        &self,
        name: impl AsRef<[u8]>,
        at: usize,
        field: impl AsRef<[u8]>,
        value: VarValue,
    ) -> bool {
        let mut all = self.0.lock();
        let Some(record) = record(&all.records, name.as_ref(), at) else { return false };
        let Some(new) = all.admit(field.as_ref(), value) else { return false };
        let old_at = place(&all.records[record].fields, field.as_ref(), 0);
        if let Some(old_at) = old_at {
            let old = std::mem::replace(&mut all.records[record].fields[old_at], new);
            all.release(&old);
        } else {
            all.records[record].fields.push(new);
        }
        true
    }

    /// A field of a record.
    pub fn field(&self, name: impl AsRef<[u8]>, at: usize, field: impl AsRef<[u8]>) -> Option<VarValue> {
        let all = self.0.lock();
        let record = record(&all.records, name.as_ref(), at)?;
        nth(&all.records[record].fields, field.as_ref(), 0).map(|field| field.value.clone())
    }

    /// Takes a field away. `false`: there is none.
    pub fn remove_field(&self, name: impl AsRef<[u8]>, at: usize, field: impl AsRef<[u8]>) -> bool {
        let mut all = self.0.lock();
        let Some(record) = record(&all.records, name.as_ref(), at) else { return false };
        let Some(place) = place(&all.records[record].fields, field.as_ref(), 0) else { return false };
        let old = all.records[record].fields.remove(place);
        all.release(&old);
        true
    }

    /// Takes a record away. `false`: there is none.
    pub fn remove_record(&self, name: impl AsRef<[u8]>, at: usize) -> bool {
        let mut all = self.0.lock();
        let Some(record) = record(&all.records, name.as_ref(), at) else { return false };
        let old = all.records.remove(record);
        old.fields.iter().for_each(|field| all.release(field));
        true
    }

    /// How many records of a name there are.
    pub fn count_records(&self, name: impl AsRef<[u8]>) -> usize {
        self.0.lock().records.iter().filter(|record| **record.name == *name.as_ref()).count()
    }
}

impl All {
    /// A new field, if it fits.
    fn admit(&mut self, name: &[u8], value: VarValue) -> Option<Field> {
        let field = Field { name: Box::<[u8]>::from(name).into(), value };
        let bytes = self.bytes + field.bytes();
        if self.count >= MOST_VALUES || bytes > MOST_BYTES {
            return None;
        }
        self.count += 1;
        self.bytes = bytes;
        Some(field)
    }

    fn release(&mut self, field: &Field) {
        self.count -= 1;
        self.bytes -= field.bytes();
    }
}

impl Field {
    fn bytes(&self) -> usize {
        self.name.len() + if let VarValue::Text(text) = &self.value { text.len() } else { 0 }
    }
}

fn nth<'a>(fields: &'a [Field], name: &[u8], at: usize) -> Option<&'a Field> {
    fields.iter().rev().filter(|field| **field.name == *name).nth(at)
}

fn place(fields: &[Field], name: &[u8], at: usize) -> Option<usize> {
    let named = fields.iter().enumerate().rev().filter(|(_, field)| **field.name == *name);
    named.map(|(place, _)| place).nth(at)
}

fn record(records: &[Record], name: &[u8], at: usize) -> Option<usize> {
    let named = records.iter().enumerate().rev().filter(|(_, record)| **record.name == *name);
    named.map(|(place, _)| place).nth(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> VarValue {
        VarValue::Text(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn newest_value_of_a_name_comes_first() {
        let vars = Vars::default();
        assert!(vars.push("a", VarValue::Int(1)) && vars.push("b", text("x")) && vars.push("a", text("2")));
        assert_eq!(
            (vars.get("a", 0), vars.get("a", 1), vars.get("a", 2)),
            (Some(text("2")), Some(VarValue::Int(1)), None)
        );
        assert_eq!(vars.count("a"), 2);
        assert!(vars.replace("a", 1, text("one")) && !vars.replace("a", 2, text("")));
        assert!(vars.remove("a", 0));
        assert_eq!(vars.get("a", 0), Some(text("one")));
        assert_eq!((vars.clear("a"), vars.count("a"), vars.count("b")), (1, 0, 1));
    }

    #[test]
    fn records_have_fields_and_places() {
        let vars = Vars::default();
        assert!(vars.push_record("gw", "uri", text("a")) && vars.push_record("gw", "uri", text("b")));
        assert!(
            vars.set_field("gw", 1, "q", VarValue::Int(5)) && !vars.set_field("gw", 2, "q", VarValue::Int(5))
        );
        assert_eq!(
            (vars.field("gw", 0, "uri"), vars.field("gw", 1, "q")),
            (Some(text("b")), Some(VarValue::Int(5)))
        );
        assert!(vars.set_field("gw", 0, "uri", text("c")) && vars.remove_record("gw", 1));
        assert_eq!((vars.field("gw", 0, "uri"), vars.count_records("gw")), (Some(text("c")), 1));
        assert!(vars.remove_field("gw", 0, "uri") && !vars.remove_field("gw", 0, "uri"));
    }

    #[test]
    fn what_is_too_much_is_refused_and_room_comes_back() {
        let vars = Vars::default();
        assert!(!vars.push("big", VarValue::Text(vec![0; MOST_BYTES].into())));
        for number in 0..MOST_VALUES {
            assert!(vars.push("a", VarValue::Int(number as i64)));
        }
        assert!(!vars.push("a", VarValue::Int(0)) && !vars.push_record("r", "f", VarValue::Int(0)));
        assert_eq!(vars.clear("a"), MOST_VALUES);
        assert!(vars.push("a", VarValue::Int(0)));
    }
}
