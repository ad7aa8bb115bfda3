//! Calls: which function, and which argument belongs to which parameter. What the arguments give is the function's own rule.

use pipewright_expr::functions::Function;
use pipewright_grammar::{Span, ast};
use pipewright_plan::{Base, Expr, ExprKind, Literal};

use super::Checker;
use super::scope::Names;
use super::suggest::closest;
use crate::diagnostics::{NotAFunction, UnknownArgument, UnknownFunction, WrongNumberOfArguments};
use crate::editor::facts::Use;

/// What a parameter is called, and whether it may be left out.
pub(super) struct Signature<'s> {
    pub(super) function: &'s str,
    pub(super) params: Vec<(&'s str, bool)>,
    pub(super) variadic: bool,
    /// Where it is declared, if in the program.
    pub(super) declared: Option<Span>,
}

impl Checker<'_, '_> {
    pub(super) fn call(
        &mut self,
        callee: &ast::Expr,
        args: &[ast::Arg],
        args_span: Span,
        span: Span,
        names: &Names,
    ) -> Expr {
        let ast::ExprKind::Name(name) = &callee.kind else {
            if !matches!(callee.kind, ast::ExprKind::Error) {
                self.diagnostics.emit(NotAFunction {
                    span: callee.span,
                    what: self.context.sources.text(callee.span).to_owned(),
                    declared: None,
                });
            }
            return self.unknown(span);
        };
        if let Some(function) = self.context.functions.get(&name.text) {
            self.note(|facts| facts.note_use(name.span, Use::Function));
            return self.inline(function, args, (args_span, span), names);
        }
        if let Some(function) = self.context.registry.function(&name.text) {
            self.note(|facts| facts.note_use(name.span, Use::Library));
            return self.library(function, args, (args_span, span), names);
        }
        self.no_function(name, names);
        // What is wrong inside the arguments is worth knowing all the same.
        for arg in args {
            self.expr(&arg.value, names, None);
        }
        self.unknown(span)
    }

    fn library(
        &mut self,
        function: &'static Function,
        args: &[ast::Arg],
        (args_span, span): (Span, Span),
        names: &Names,
    ) -> Expr {
        let signature = Signature {
            function: function.name,
            params: function.params.iter().map(|param| (param.name, param.optional)).collect(),
            variadic: function.variadic,
            declared: None,
        };
        let placed = self.place(&signature, args, args_span);
        let mut values = vec![];
        for arg in placed.as_deref().unwrap_or_default() {
            values.push(match arg {
                Some(arg) => self.expr(&arg.value, names, None),
                // Left out between others: a null stands for it that makes nothing null.
                None => self.typed(ExprKind::Literal(Literal::Null), Base::Null.required(), args_span),
            });
        }
        if placed.is_none() {
            args.iter().for_each(|arg| drop(self.expr(&arg.value, names, None)));
            return self.unknown(span);
        }
        if values.iter().any(|value| value.ty.is_unknown()) {
            return self.unknown(span);
        }
        if !function.deterministic {
            self.varies = true;
            if self.must_be_constant {
                self.not_constant(span, "this value", "");
                return self.unknown(span);
            }
        }
        match (function.typing)(&values) {
            Ok(ty) => {
                let kind = ExprKind::Call { function: function.name.to_owned(), args: values };
                let call = self.typed(kind, ty, span);
                self.fold(call)
            }
            Err(problem) => {
                let operands = values.iter().map(|value| self.operand_in(value, names)).collect();
                self.refuse(problem, span, operands);
                self.unknown(span)
            }
        }
    }

    /// Puts arguments where their parameters are. `None`: it does not fit, and that has been reported.
    pub(super) fn place<'e>(
        &mut self,
        signature: &Signature<'_>,
        args: &'e [ast::Arg],
        args_span: Span,
    ) -> Option<Vec<Option<&'e ast::Arg>>> {
        let mut placed: Vec<Option<&ast::Arg>> = vec![None; signature.params.len()];
        let (mut next, mut fits) = (0, true);
        for arg in args {
            let at = match &arg.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(name) => match signature.params.iter().position(|(param, _)| *param == name.text) {
                    Some(at) => at,
                    None => {
                        self.unknown_argument(signature, name);
                        fits = false;
                        continue;
                    }
                },
            };
            match placed.get_mut(at) {
                Some(Some(first)) => {
                    let name = arg.name.as_ref();
                    self.diagnostics.emit(UnknownArgument {
                        function: signature.function.to_owned(),
                        name: name.map_or_else(String::new, |name| name.text.clone()),
                        span: name.map_or(arg.value.span, |name| name.span),
                        first: Some(first.value.span),
                        closest: None,
                        known: vec![],
                        declared: signature.declared,
                    });
                    fits = false;
                }
                Some(place) => *place = Some(arg),
                None if signature.variadic => placed.push(Some(arg)),
                // Counted below.
                None => {}
            }
        }
        let missing: Vec<&str> = (signature.params.iter().zip(&placed))
            .filter(|((_, optional), arg)| !optional && arg.is_none())
            .map(|((name, _), _)| *name)
            .collect();
        let too_many = !signature.variadic && next > signature.params.len();
        if fits && (!missing.is_empty() || too_many) {
            let extra = args.iter().filter(|arg| arg.name.is_none()).nth(signature.params.len());
            self.diagnostics.emit(WrongNumberOfArguments {
                function: signature.function.to_owned(),
                params: signature.params.iter().map(|(name, optional)| ((*name).to_owned(), *optional)).collect(),
                variadic: signature.variadic,
                given: args.len(),
                missing: missing.iter().map(|name| (*name).to_owned()).collect(),
                span: extra.map_or(args_span, |arg| arg.value.span),
                declared: signature.declared,
            });
            fits = false;
        }
        while placed.last().is_some_and(Option::is_none) {
            placed.pop();
        }
        fits.then_some(placed)
    }

    fn unknown_argument(&mut self, signature: &Signature<'_>, name: &ast::Name) {
        self.diagnostics.emit(UnknownArgument {
            function: signature.function.to_owned(),
            name: name.text.clone(),
            span: name.span,
            first: None,
            closest: closest(&name.text, signature.params.iter().map(|(param, _)| *param)),
            known: signature.params.iter().map(|(param, _)| (*param).to_owned()).collect(),
            declared: signature.declared,
        });
    }

    fn no_function(&mut self, name: &ast::Name, names: &Names) {
        if names.locals.iter().any(|local| local.name == name.text) || names.scope.column(&name.text).is_some() {
            let declared = names.scope.column(&name.text).and_then(|column| column.declared);
            self.diagnostics.emit(NotAFunction { span: name.span, what: name.text.clone(), declared });
            return;
        }
        let own = self.context.functions.keys().map(String::as_str);
        let library = self.context.registry.functions.iter().map(|function| function.name);
        let closest = foreign(&name.text)
            .filter(|known| self.context.registry.function(known).is_some())
            .map(str::to_owned)
            .or_else(|| closest(&name.text, own.chain(library)));
        self.diagnostics.emit(UnknownFunction { name: name.text.clone(), span: name.span, closest });
    }
}

/// What a function of other languages is called here.
fn foreign(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "len" | "char_length" | "strlen" => "length",
        "ifnull" | "nvl" | "isnull" => "coalesce",
        "lcase" | "tolower" | "to_lower" => "lower",
        "ucase" | "toupper" | "to_upper" => "upper",
        "substr" | "mid" | "slice" => "substring",
        "str" | "varchar" | "to_char" | "to_string" | "text" => "string",
        "int" | "integer" | "bigint" | "to_int" | "long" => "int64",
        "float" | "double" | "real" => "float64",
        "numeric" | "number" => "decimal",
        "current_timestamp" | "getdate" | "sysdate" => "now",
        "to_timestamp" | "datetime" | "from_unixtime" => "timestamp",
        "to_date" => "date",
        "datediff" => "date_diff",
        "dateadd" => "date_add",
        "extract" | "datepart" => "date_part",
        "date_format" | "strftime" => "format_time",
        "unix_timestamp" => "to_unix",
        "ceiling" => "ceil",
        "pow" => "power",
        "instr" | "strpos" | "locate" => "position",
        "regexp_replace" => "regex_replace",
        "regexp_extract" | "regexp_substr" => "regex_extract",
        "json_extract" | "get_json_object" => "json_get",
        "json_value" | "json_extract_path_text" => "json_text",
        "gen_random_uuid" | "newid" | "uuid4" | "random_uuid" => "uuid_v4",
        "raise" | "error" | "throw" => "fail",
        _ => return None,
    })
}
