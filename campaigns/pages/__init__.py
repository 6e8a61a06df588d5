"""What the pages of a campaign show, in the shapes their templates name; one module a step. It only looks."""
