//! A default as the bits that lie in memory.

use crate::model::{Enum, Value};
use crate::vocabulary::Scalar;

/// The bits of a value stored as this scalar; nothing where it does not fit, which LayoutLegality refuses.
pub(super) fn bits(value: &Value, storage: Scalar, of: Option<&Enum>) -> Option<u64> {
    match (value, storage) {
        (Value::Str(name), _) => {
            let found = of?.values.iter().find(|value| value.name == *name)?;
            bits(&Value::Int(found.value), storage, None)
        }
        (Value::Bool(flag), Scalar::Bool) => Some((*flag).into()),
        (Value::Int(number), Scalar::F64) => Some((*number as f64).to_bits()),
        (Value::Int(number), Scalar::F32) => Some((*number as f32).to_bits().into()),
        (Value::Float(number), Scalar::F64) => Some(number.to_bits()),
        (Value::Float(number), Scalar::F32) => Some((*number as f32).to_bits().into()),
        (Value::Int(number), _) => {
            let (low, high) = storage.integer_range()?;
            let mask = u64::MAX >> (64 - 8 * storage.size());
            (low..=high).contains(number).then_some(*number as u64 & mask)
        }
        (Value::Bool(_) | Value::Float(_), _) => None,
    }
}
