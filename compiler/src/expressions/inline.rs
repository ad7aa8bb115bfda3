//! Calls of functions of the program: the body is written out in place of the call, its parameters bound to the arguments.
//!
//! A plan has no functions of the program. Every argument is evaluated once, before the body. What is wrong in a body is
//! reported where the function is declared, not at each call.

use pipewright_grammar::{Span, ast};
use pipewright_plan::{Expr, ExprKind};

use super::calls::Signature;
use super::scope::{Local, Names};
use super::{Checker, UserFunction};
use crate::diagnostics::{Diagnostics, ExpressionTooLarge};

/// Calls within calls that one expression may write out: thirty functions, each calling the one before twice, would
/// otherwise be a billion.
const MOST_CALLS: u32 = 1_000;

impl Checker<'_, '_> {
    pub(super) fn inline(
        &mut self,
        function: &UserFunction,
        args: &[ast::Arg],
        (args_span, span): (Span, Span),
        names: &Names,
    ) -> Expr {
        let signature = Signature {
            function: &function.name.text,
            params: function.params.iter().map(|(name, _)| (name.text.as_str(), false)).collect(),
            variadic: false,
            declared: Some(function.name.span),
        };
        // A broken declaration may have lost parameters: its calls are not counted.
        let placed = if function.ok { self.place(&signature, args, args_span) } else { None };
        let Some(placed) = placed else {
            args.iter().for_each(|arg| drop(self.expr(&arg.value, names, None)));
            return self.unknown(span);
        };
        let mut values = vec![];
        for ((param, ty), arg) in function.params.iter().zip(placed) {
            let Some(arg) = arg else { continue };
            let value = self.expr(&arg.value, names, Some(ty));
            let declared = Some((param.span, format!("`{}` is declared `{ty}` here", param.text)));
            values.push(self.assign(value, ty, declared));
        }
        if values.iter().any(|value| value.ty.is_unknown()) || function.params.iter().any(|(_, ty)| ty.is_unknown()) {
            return self.unknown(span);
        }
        self.inlined += 1;
        if self.inlined > MOST_CALLS {
            if self.inlined == MOST_CALLS + 1 {
                let (function, declared) = (function.name.text.clone(), function.name.span);
                self.diagnostics.emit(ExpressionTooLarge { function, span, declared, most: MOST_CALLS });
            }
            return self.unknown(span);
        }
        let locals = self.bind(function);
        let numbers: Vec<u32> = locals.iter().map(|local| local.number).collect();
        let mut silent = Diagnostics::default();
        let mut inner = Checker {
            context: self.context,
            diagnostics: &mut silent,
            next_local: self.next_local,
            inlined: self.inlined,
            must_be_constant: self.must_be_constant,
            varies: false,
            written_out: true,
        };
        let body = inner.check(&function.body, &Names::function(locals), Some(&function.result));
        let outgrew = self.inlined <= MOST_CALLS && inner.inlined > MOST_CALLS;
        let varies = inner.varies && self.must_be_constant;
        (self.next_local, self.inlined) = (inner.next_local, inner.inlined);
        self.varies |= inner.varies;
        if outgrew {
            let (function, declared) = (function.name.text.clone(), function.name.span);
            self.diagnostics.emit(ExpressionTooLarge { function, span, declared, most: MOST_CALLS });
        }
        if varies {
            self.not_constant(span, "this value", "");
        }
        if body.ty.is_unknown() || silent.has_errors() {
            return self.unknown(span);
        }
        numbers.into_iter().zip(values).rev().fold(body, |body, (local, value)| {
            let (ty, origin) = (body.ty.clone(), body.origin);
            Expr { kind: ExprKind::Let { local, value: Box::new(value), body: Box::new(body) }, ty, origin }
        })
    }

    /// Checks a body where it is declared.
    pub(super) fn function_body(&mut self, function: &UserFunction) {
        let locals = self.bind(function);
        let names = Names::function(locals);
        let value = self.expr(&function.body, &names, Some(&function.result));
        let declared = Some((function.name.span, format!("`{}` returns `{}`", function.name.text, function.result)));
        self.assign(value, &function.result, declared);
    }

    fn bind(&mut self, function: &UserFunction) -> Vec<Local> {
        let bind = |(name, ty): &(ast::Name, pipewright_plan::Type)| Local {
            name: name.text.clone(),
            number: self.new_local(),
            ty: ty.clone(),
            declared: name.span,
            narrowed: false,
        };
        function.params.iter().map(bind).collect()
    }
}
