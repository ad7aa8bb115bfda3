//! Calls of library functions: what a function sees of its arguments when it is compiled.

use pipewright_plan::{Base, Expr, Origin, Type};

use super::{CompileError, Compiler, Eval, EvalBytes, EvalText, TextSource, Typed, error};
use crate::functions::{self, Function};
use crate::typing::{literal_int, literal_text_value};

/// One call: its arguments are compiled when the function asks for them.
pub struct CallSite<'c, 'l> {
    compiler: &'c mut Compiler<'l>,
    /// The arguments.
    pub args: &'c [Expr],
    /// The type of the result.
    pub ty: &'c Type,
    /// Where the call stands.
    pub origin: Origin,
    /// The function.
    pub function: &'static Function,
}

impl Compiler<'_> {
    pub(super) fn call(&mut self, expr: &Expr, name: &str, args: &[Expr]) -> Result<Typed, CompileError> {
        let Some(function) = functions::find(name) else {
            return Err(error(expr.origin, format!("there is no function `{name}`")));
        };
        let mut site = CallSite { compiler: self, args, ty: &expr.ty, origin: expr.origin, function };
        (function.compile)(&mut site)
    }
}

impl CallSite<'_, '_> {
    /// The argument's type; `null` if it was left out.
    pub fn base(&self, argument: usize) -> Base {
        self.args.get(argument).map_or(Base::Null, |arg| arg.ty.base.clone())
    }

    /// Something that typing should have refused.
    pub fn error(&self, reason: impl Into<String>) -> CompileError {
        error(self.origin, format!("{}: {}", self.function.name, reason.into()))
    }

    /// An argument.
    pub fn typed(&mut self, argument: usize) -> Result<Typed, CompileError> {
        match self.args.get(argument) {
            Some(arg) => self.compiler.expr(arg),
            None => Err(self.error("an argument is missing")),
        }
    }

    /// An argument, widened to that type.
    pub fn typed_as(&mut self, argument: usize, ty: &Type) -> Result<Typed, CompileError> {
        match self.args.get(argument) {
            Some(arg) => self.compiler.expr_as(arg, ty),
            None => Err(self.error("an argument is missing")),
        }
    }

    /// An expression that takes the place of the call.
    pub fn instead(&mut self, expr: &Expr) -> Result<Typed, CompileError> {
        self.compiler.expr(expr)
    }

    /// True if the argument was given; an optional one in the middle is left out as `null`.
    pub fn given(&self, argument: usize) -> bool {
        self.base(argument) != Base::Null
    }

    /// All arguments as `??` would have them.
    pub fn coalesce(&mut self) -> Result<Typed, CompileError> {
        self.compiler.coalesce(self.args, self.ty)
    }

    /// A text argument; constants stay visible.
    pub fn text_source(&mut self, argument: usize) -> Result<TextSource, CompileError> {
        match self.typed(argument)? {
            Typed::Text(source) => Ok(source),
            _ => Err(self.error("expected text")),
        }
    }

    /// A text argument.
    pub fn text(&mut self, argument: usize) -> Result<EvalText, CompileError> {
        Ok(self.text_source(argument)?.into_fn())
    }

    /// An integer, date, time or duration.
    pub fn int(&mut self, argument: usize) -> Result<Eval<i64>, CompileError> {
        if self.base(argument) == Base::Null {
            return Ok(Box::new(|_| None));
        }
        match self.typed(argument)? {
            Typed::Int(source) => Ok(source.into_fn()),
            _ => Err(self.error("expected an integer")),
        }
    }

    /// A float argument; literals are converted.
    pub fn float(&mut self, argument: usize) -> Result<Eval<f64>, CompileError> {
        match self.typed_as(argument, &Base::Float64.required())? {
            Typed::Float(source) => Ok(source.into_fn()),
            _ => Err(self.error("expected a float")),
        }
    }

    /// A bytes argument.
    pub fn bytes(&mut self, argument: usize) -> Result<EvalBytes, CompileError> {
        if self.base(argument) == Base::Null {
            return Ok(Box::new(|_| None));
        }
        match self.typed(argument)? {
            Typed::Bytes(source) => Ok(source.into_fn()),
            _ => Err(self.error("expected bytes")),
        }
    }

    /// The value of a string literal; `None` if the argument was left out.
    pub fn literal_text(&self, argument: usize) -> Result<Option<String>, CompileError> {
        match self.args.get(argument).filter(|arg| arg.ty.base != Base::Null) {
            None => Ok(None),
            Some(arg) => match literal_text_value(arg) {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(self.error("expected a string literal")),
            },
        }
    }

    /// The value of an integer literal; `None` if the argument was left out.
    pub fn literal_int(&self, argument: usize) -> Result<Option<i64>, CompileError> {
        match self.args.get(argument).filter(|arg| arg.ty.base != Base::Null) {
            None => Ok(None),
            Some(arg) => match literal_int(arg) {
                Some(int) => Ok(Some(int)),
                None => Err(self.error("expected an integer literal")),
            },
        }
    }
}
