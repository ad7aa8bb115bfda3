//! What a program means, as text: its nodes with kinds, fields, keys and partitions; its stages with what they promise and
//! why; what the Kafka client is told; how much memory a run may take. Everything comes from the plan.

use pipewright_compiler::source::Sources;
use pipewright_plan::{
    BadRecordPolicy, Cleanup, Connection, Delivery, Expr, ExprKind, Guarantee, IngestStage, OnDelete, OptionSpec,
    OptionValue, Options, Origin, Original, Partitioner, Plan, Schema, SchemaMode, Sink, Source, Stage, Step, Topic,
    Transform, Write,
};

use super::{order, settings};
use crate::report::grouped;
use crate::style::Style;

/// Prints a plan. `sources` holds the texts it was made from; for a saved plan there are none, and expressions are shown in
/// short.
pub fn render(plan: &Plan, sources: &Sources, style: Style) -> String {
    let mut page = Page { plan, sources, style, out: String::new() };
    page.head();
    page.section("connections", &plan.connections, Page::connection);
    page.section("sources", &plan.sources, Page::source);
    page.section("topics", &plan.topics, Page::topic);
    page.section("transforms", &plan.transforms, Page::transform);
    page.section("sinks", &plan.sinks, Page::sink);
    page.section("stages from a source into a topic", &plan.ingest, Page::ingest);
    page.section("stages from topics into a database", &plan.stages, Page::stage);
    page.facts("which order holds, sink by sink", order::sinks(plan));
    page.facts("what another key or number of partitions would do", order::changes(plan));
    for (connection, list) in settings::kafka(plan) {
        page.title(&format!("what the Kafka client of `{connection}` is told"));
        page.out.push_str(&list);
    }
    page.title("memory");
    page.out.push_str(&settings::memory(plan));
    page.out
}

/// Every option that is declared, with what was said or what holds without a word.
pub fn effective(declared: &[OptionSpec], said: &Options) -> Vec<(&'static str, String)> {
    let value = |it: &OptionSpec| said.get(it.name).map(option).or_else(|| it.default.map(str::to_string));
    declared.iter().filter_map(|it| Some((it.name, value(it)?))).collect()
}

struct Page<'a> {
    plan: &'a Plan,
    sources: &'a Sources,
    style: Style,
    out: String,
}

impl Page<'_> {
    fn head(&mut self) {
        let pipeline = &self.plan.pipeline;
        let line = format!("pipeline {}: {}", pipeline.name, delivery(pipeline.delivery));
        self.out.push_str(&format!("{}\n", self.style.paint("1", &line)));
        self.doc(pipeline.doc.as_deref());
        let commit = pipeline.commit;
        self.fact(
            "epoch",
            &format!(
                "{} rows, {} or {}, whichever comes first",
                grouped(commit.rows),
                size(commit.bytes),
                duration(commit.interval_us)
            ),
        );
        self.fact("bad records", &policy(&pipeline.on_bad_record));
        let percent = f64::from(pipeline.max_bad_ppm) / 10_000.0;
        self.fact("too many", &format!("a stage stops when more than {percent} % of the last 10,000 records are bad"));
    }

    fn section<T>(&mut self, title: &str, items: &[T], show: fn(&mut Self, &T)) {
        if !items.is_empty() {
            self.title(title);
            for item in items {
                show(self, item);
            }
        }
    }

    /// Names, each with sentences.
    fn facts(&mut self, title: &str, list: Vec<(String, Vec<String>)>) {
        if !list.is_empty() {
            self.title(title);
        }
        for (name, sentences) in list {
            self.name(&name, "", Origin::default());
            for sentence in sentences {
                self.sentence(&sentence);
            }
        }
    }

    /// A sentence, wrapped.
    fn sentence(&mut self, text: &str) {
        let width = self.style.width.saturating_sub(6).max(30);
        let mut line = String::new();
        let mut first = true;
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                self.out.push_str(&format!("    {}{line}\n", if first { "- " } else { "  " }));
                line.clear();
                first = false;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.out.push_str(&format!("    {}{line}\n", if first { "- " } else { "  " }));
    }

    fn title(&mut self, title: &str) {
        self.out.push_str(&format!("\n{}\n", self.style.paint("1;4", title)));
    }

    fn name(&mut self, name: &str, rest: &str, origin: Origin) {
        let place = if origin.line > 0 { format!("  {}", self.plan.place(origin)) } else { String::new() };
        let name = self.style.paint("1", name);
        let line = format!("  {name}  {rest}{}", self.style.paint("2", &place));
        self.out.push_str(&format!("{}\n", line.trim_end()));
    }

    fn fact(&mut self, name: &str, value: &str) {
        let name = self.style.paint("2", &format!("{name:<12}"));
        self.out.push_str(&format!("    {name} {value}\n"));
    }

    /// `{ id: int64, name: string }`, wrapped between fields.
    fn fields(&mut self, schema: &Schema) {
        let width = self.style.width.saturating_sub(18).max(30);
        let mut line = String::from("{ ");
        for (at, field) in schema.fields.iter().enumerate() {
            let comma = if at + 1 < schema.fields.len() { ", " } else { " }" };
            let part = format!("{}: {}{comma}", field.name, field.ty);
            if line.chars().count() + part.chars().count() > width && line.trim() != "{" {
                self.fact(if line.starts_with('{') { "fields" } else { "" }, line.trim_end());
                line = String::from("  ");
            }
            line.push_str(&part);
        }
        self.fact(if line.starts_with('{') { "fields" } else { "" }, line.trim_end());
    }

    fn doc(&mut self, doc: Option<&str>) {
        for line in doc.unwrap_or_default().lines() {
            self.out.push_str(&format!("    {}\n", self.style.paint("3", line)));
        }
    }

    fn connection(&mut self, it: &Connection) {
        self.name(&it.name, &it.kind, it.origin);
        self.doc(it.doc.as_deref());
        self.options(&it.options);
    }

    fn options(&mut self, options: &Options) {
        for (name, value) in options {
            self.fact(name, &option(value));
        }
    }

    fn source(&mut self, it: &Source) {
        self.name(&it.name, &it.kind.to_string(), it.origin);
        self.doc(it.doc.as_deref());
        self.fields(&it.schema);
        self.fact("from", &format!("{} ({})", it.connection, self.kind_of(&it.connection)));
        self.options(&it.options);
        self.fact("format", &format(&it.format.codec, &it.format.options));
        self.steps(&it.steps);
        self.fact("bad records", &policy(&it.on_bad_record));
    }

    fn topic(&mut self, it: &Topic) {
        self.name(&it.name, &it.kind.to_string(), it.origin);
        self.doc(it.doc.as_deref());
        self.fields(&it.schema);
        let owner = match it.from.as_slice() {
            [] => "external: verified, never created or altered".to_string(),
            from => format!("fed by {}; this program creates it and alone writes it", from.join(", ")),
        };
        self.fact("topic", &format!("`{}` on {} ({owner})", it.topic, it.connection));
        if !it.key.is_empty() {
            self.fact("key", &self.exprs(&it.key));
        }
        let count = it.partitioning.count.map_or("as many as it has".into(), |count| count.to_string());
        let place = match (it.partitioning.key.as_slice(), it.partitioning.partitioner) {
            ([], _) => "records are spread at will".to_string(),
            (key, Partitioner::Murmur2) => format!("by {} (murmur2, as Java clients do)", self.exprs(key)),
            (key, Partitioner::Consistent) => format!("by {} (CRC32, as librdkafka does)", self.exprs(key)),
            (key, Partitioner::Unknown) => format!("by {} (partitioner not known)", self.exprs(key)),
        };
        self.fact("partitions", &format!("{count}, {place}"));
        self.fact("format", &format(&it.format.codec, &it.format.options));
        let cleanup = match it.cleanup {
            Cleanup::Delete => "old records are deleted",
            Cleanup::Compact => "the newest record of each key is kept",
        };
        let retention =
            it.retention_ms.map_or(String::new(), |ms| format!(" after {}", duration(ms.saturating_mul(1000))));
        self.fact("keeps", &format!("{cleanup}{retention}; compression {}", it.compression));
        self.fact("bad records", &policy(&it.on_bad_record));
    }

    fn transform(&mut self, it: &Transform) {
        self.name(&it.name, &it.kind.to_string(), it.origin);
        self.doc(it.doc.as_deref());
        self.fields(&it.schema);
        self.fact("from", &it.from.join(", "));
        self.steps(&it.steps);
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            let text = self.text(step.origin).unwrap_or_else(|| step.keyword.clone());
            let text = text.trim_start_matches('|').trim().to_string();
            self.out.push_str(&format!("    | {}\n", shorten(&text, self.style.width.saturating_sub(8))));
        }
    }

    fn sink(&mut self, it: &Sink) {
        self.name(&it.name, &format!("to `{}` in {}", it.table, it.connection), it.origin);
        self.doc(it.doc.as_deref());
        self.fact("from", &it.from.join(", "));
        let write = match &it.write {
            Write::Append => "append: every record is a new row".to_string(),
            Write::Upsert { key, on_delete, version } => {
                let delete = match on_delete {
                    OnDelete::Delete => "a delete deletes the row".to_string(),
                    OnDelete::Ignore => "deletes are ignored".to_string(),
                    OnDelete::Mark(column) => format!("a delete sets `{column}`"),
                };
                let newest = version.as_ref().map_or("the newest record".into(), |it| format!("the greatest `{it}`"));
                format!("upsert by {}: {newest} per key is the row; {delete}", key.join(", "))
            }
        };
        self.fact("write", &write);
        let mode = match it.schema_mode {
            SchemaMode::Create => "the table is created when it is missing",
            SchemaMode::Evolve => "the table is created, and gets missing columns that may be null",
            SchemaMode::Fixed => "the table is never created or altered",
        };
        self.fact("schema", mode);
        let declared = crate::program::registry()
            .connector(self.kind_of(&it.connection))
            .and_then(|it| it.sink)
            .map(|it| it.options);
        for (name, value) in effective(declared.unwrap_or_default(), &it.options) {
            self.fact(name, &value);
        }
        let width = it.columns.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
        for field in &it.columns.fields {
            let doc = field.doc.as_deref().and_then(|doc| doc.lines().next()).unwrap_or_default();
            let line = format!("{:width$}  {:<16} {doc}", field.name, field.ty.to_string());
            self.fact("column", line.trim_end());
        }
        if let Some(column) = &it.loaded_at {
            self.fact("column", &format!("{column:width$}  set by the database to the time of loading"));
        }
        self.fact("bad records", &policy(&it.on_bad_record));
    }

    fn ingest(&mut self, it: &IngestStage) {
        let path: Vec<&str> = [it.source.as_str()]
            .into_iter()
            .chain(it.through.iter().map(String::as_str))
            .chain([it.topic.as_str()])
            .collect();
        self.name(&path.join(" -> "), "", Origin::default());
        self.fact("transaction", &it.transactional_id);
        self.guarantee(&it.guarantee);
    }

    fn stage(&mut self, it: &Stage) {
        self.name(&it.id, "", Origin::default());
        self.fact("reads", &format!("{} (consumer group {})", it.topics.join(", "), it.group));
        if !it.transforms.is_empty() {
            self.fact("runs", &it.transforms.join(", "));
        }
        self.fact("writes", &format!("{} in {}, in one transaction per epoch", it.sinks.join(", "), it.domain));
        self.guarantee(&it.guarantee);
        if it.nondeterministic.is_empty() {
            self.fact("repeatable", "the same input gives the same rows");
        }
        for why in &it.nondeterministic {
            self.fact("differs", why);
        }
    }

    fn guarantee(&mut self, it: &Guarantee) {
        self.fact("promises", &format!("{}, because", delivery(it.level)));
        for (number, reason) in it.because.iter().enumerate() {
            let place =
                if reason.origin.line > 0 { format!("  {}", self.plan.place(reason.origin)) } else { String::new() };
            let place = self.style.paint("2", &place);
            self.out.push_str(&format!("                 {}. {}{place}\n", number + 1, reason.text));
        }
    }

    fn kind_of(&self, connection: &str) -> &str {
        self.plan.connection(connection).map_or("?", |it| &it.kind)
    }

    fn exprs(&self, list: &[Expr]) -> String {
        list.iter().map(|it| self.expr(it)).collect::<Vec<_>>().join(", ")
    }

    fn expr(&self, expr: &Expr) -> String {
        match (&expr.kind, self.text(expr.origin)) {
            (ExprKind::Column(name), _) => name.clone(),
            (_, Some(text)) => text,
            (ExprKind::Call { function, .. }, None) => format!("{function}(…)"),
            (_, None) => "an expression".into(),
        }
    }

    /// The text of an origin, on one line.
    fn text(&self, origin: Origin) -> Option<String> {
        let file = self.sources.files().get(origin.file as usize).filter(|_| origin.line > 0)?;
        let text = file.text.get(origin.start as usize..origin.end as usize)?;
        Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|it| !it.is_empty())
    }
}

fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// `exactly once`
pub fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::AtLeastOnce => "at least once",
        Delivery::ExactlyOnce => "exactly once",
    }
}

fn policy(policy: &BadRecordPolicy) -> String {
    match policy {
        BadRecordPolicy::DeadLetter { original: Original::Keep } => "dead letters, with the original bytes".into(),
        BadRecordPolicy::DeadLetter { original: Original::Position } => {
            "dead letters, with reason and position only".into()
        }
        BadRecordPolicy::Stop => "stop before it".into(),
        BadRecordPolicy::Skip => "counted and forgotten".into(),
    }
}

fn format(codec: &str, options: &Options) -> String {
    if options.is_empty() {
        return codec.into();
    }
    let args: Vec<String> = options.iter().map(|(name, value)| format!("{name} = {}", option(value))).collect();
    format!("{codec}({})", args.join(", "))
}

/// An option as it would be written. References stay references, so no secret is ever here.
pub fn option(value: &OptionValue) -> String {
    match value {
        OptionValue::Null => "null".into(),
        OptionValue::Bool(it) => it.to_string(),
        OptionValue::Int(it) => it.to_string(),
        OptionValue::Number(it) | OptionValue::Word(it) => it.clone(),
        OptionValue::String(it) => format!("{it:?}"),
        OptionValue::Duration(it) => duration(*it),
        OptionValue::Size(it) => size(*it),
        OptionValue::Percent(it) => format!("{}%", f64::from(*it) / 10_000.0),
        OptionValue::Env { name, fallback: None } => format!("env({name:?})"),
        OptionValue::Env { name, fallback: Some(fallback) } => format!("env({name:?}, {fallback:?})"),
        OptionValue::File(path) => format!("file({path:?})"),
        OptionValue::List(items) => format!("[{}]", items.iter().map(option).collect::<Vec<_>>().join(", ")),
        OptionValue::Record(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(name, value)| format!("{name} = {}", option(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        OptionValue::Call { name, args } => format(name, args),
    }
}

/// `250ms`, `30s`, `1h30m`
pub fn duration(micros: i64) -> String {
    if micros == 0 {
        return "0s".into();
    }
    let mut rest = micros.unsigned_abs();
    let mut out = String::from(if micros < 0 { "-" } else { "" });
    for (unit, size) in
        [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1_u64)]
    {
        if rest >= size {
            out.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    out
}

/// `8MiB`
pub fn size(bytes: u64) -> String {
    for (unit, scale) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= scale && bytes.is_multiple_of(scale) {
            return format!("{}{unit}", bytes / scale);
        }
    }
    format!("{bytes}B")
}

#[cfg(test)]
mod tests {
    use super::{duration, size};

    #[test]
    fn durations_and_sizes_as_written() {
        assert_eq!(duration(250_000), "250ms");
        assert_eq!(duration(5_400_000_000), "1h30m");
        assert_eq!(duration(0), "0s");
        assert_eq!(size(8 << 20), "8MiB");
        assert_eq!(size(1_000), "1000B");
    }
}
