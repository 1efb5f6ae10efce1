//! A table: as wide as the terminal lets it be, and a block for each row where that is too narrow.

use std::io;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::line::Line;
use super::page::Page;
use crate::report::Table;
use crate::text::Shown;

/// Between two columns.
const GAP: usize = 2;

/// A terminal of fewer columns has no room for a table.
const LEAST: usize = 60;

/// No column is made narrower than this.
const NARROWEST: usize = 10;

/// Writes the table.
pub(super) fn write(table: &Table, page: &mut Page<'_>) -> io::Result<()> {
    if table.rows.is_empty() {
        return Ok(());
    }
    let table = &without_empty_columns(table);
    let mut widths: Vec<usize> = table.columns.iter().map(|name| name.len()).collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    if let Some(columns) = page.view.width {
        if total(&widths) > columns && columns < LEAST {
            return write_blocks(table, page);
        }
        shrink(&mut widths, columns);
    }
    let names: Vec<&str> = table.columns.iter().map(|name| name.as_str()).collect();
    page.row(&Line::default().strong(joined(&names, &widths, page.view.unicode)))?;
    for row in &table.rows {
        let cells: Vec<&str> = row.iter().map(|cell| cell.as_str()).collect();
        page.row(&Line::default().plain(joined(&cells, &widths, page.view.unicode)))?;
    }
    Ok(())
}

/// The table without the columns in which no row has anything.
fn without_empty_columns(table: &Table) -> Table {
    let is_used: Vec<bool> = (0..table.columns.len())
        .map(|at| table.rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let used = |at: &usize| is_used.get(*at) == Some(&true);
    let columns = table.columns.iter().enumerate().filter(|(at, _)| used(at)).map(|(_, name)| name.clone()).collect();
    let cells =
        |row: &Vec<Shown>| row.iter().enumerate().filter(|(at, _)| used(at)).map(|(_, cell)| cell.clone()).collect();
    Table { columns, rows: table.rows.iter().map(cells).collect() }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// Makes the widest column narrower until all fit.
fn shrink(widths: &mut [usize], columns: usize) {
    while total(widths) > columns {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else { return };
        *widest -= 1;
    }
}

fn joined(cells: &[&str], widths: &[usize], unicode: bool) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let cell = cut(cell, *width, if unicode { "…" } else { ".." });
        line.push_str(&cell);
        line.push_str(&" ".repeat((width + GAP).saturating_sub(cell.width())));
    }
    line.truncate(line.trim_end().len());
    line
}

/// `cell` in at most `width` columns.
fn cut(cell: &str, width: usize, more: &str) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let (mut kept, mut filled) = (String::new(), more.width());
    for c in cell.chars() {
        filled += c.width().unwrap_or(0);
        if filled > width {
            break;
        }
        kept.push(c);
    }
    kept + more
}

/// The first column as a heading, the others below it.
fn write_blocks(table: &Table, page: &mut Page<'_>) -> io::Result<()> {
    let width = table.columns.iter().skip(1).map(|name| name.len()).max().unwrap_or(0);
    for row in &table.rows {
        let mut cells = row.iter();
        page.text(0, &Line::default().strong(cells.next().map_or("", |name| name.as_str())))?;
        for (name, cell) in table.columns.iter().skip(1).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            let lead = Line::default().dim(format!("{:<width$}  ", name.to_lowercase()));
            page.led(2, &lead, &Line::default().plain(cell.as_str()))?;
        }
    }
    Ok(())
}
