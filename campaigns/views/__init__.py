"""Pages of a campaign, one module a step: Data, Message, Check, Send, Results."""
