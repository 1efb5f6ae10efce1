//! Days to be reminded of, for calendars.

use jiff::civil::Date;

use crate::text::Shown;

/// A day to be reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// What it is about, under a name that stays: a calendar that has it already takes the new day in.
    pub id: Shown,
    /// The day.
    pub day: Date,
    /// What happens on it.
    pub summary: Shown,
    /// What to do before it, in lines.
    pub description: Vec<Shown>,
}
