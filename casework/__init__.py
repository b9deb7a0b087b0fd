"""What a case is: nouns, commands, facts and rules. No I/O outside the adapter folders."""
