"""Sending: one engine a worker process, one pump a mailbox, and the act of sending a message.

engine.py    holds the leases of many mailboxes, and runs their pumps on one event loop
pump.py      one mailbox: what may leave now, claim it, send it, until nothing is due
delivery.py  one message: draft, commit "sending", send, note what came of it
doubts.py    what may have left is looked up, never repeated
mails.py     claimed rows become mails, without those who must not be mailed
claims.py    what is due, and taking it
books.py     every change that hot messages make in the database, for many mailboxes in one statement
batches.py   how they come together
"""
